"""Where an address leads."""

from django.db import models


class Route(models.Model):
    """One line of the front door, as it should be. The door is written from these rows."""

    deployment = models.OneToOneField("provisioning.Deployment", on_delete=models.CASCADE, related_name="route")
    host = models.CharField(max_length=253, db_index=True)
    upstream_host = models.CharField(max_length=253)
    upstream_port = models.PositiveIntegerField()
    is_live = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["host"], condition=models.Q(is_live=True), name="one_live_route_per_host")
        ]
