"""The installer's own words."""

from django.db import models


class LogChunk(models.Model):
    """Bytes of a remote job's output, at their place in the whole of it."""

    machine = models.ForeignKey("provisioning.Machine", on_delete=models.CASCADE, related_name="log_chunks")
    job = models.CharField(max_length=64)
    offset = models.PositiveBigIntegerField()
    size = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["machine", "job", "offset"], name="log_chunk_has_one_place")]
