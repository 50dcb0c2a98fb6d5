"""What programs on a machine say while they are at work, kept as rows as it comes."""

from provisioning.models import LogChunk

LOG_KEPT = 2 << 20
"""Bytes of one job's output that the portal keeps; the machine itself keeps 1 MiB (faults F54)."""


class LogRows:
    """The output of one machine's jobs, as LogChunk rows."""

    def __init__(self, machine_pk: int) -> None:
        self.machine_pk = machine_pk

    def log(self, job: str, offset: int, chunk: bytes) -> None:
        if not chunk:
            return
        # Whoever died after keeping a chunk did not say so: what is kept already is cut off, and the rest is kept.
        begin = max(offset, self._kept(job))
        if rest := chunk[begin - offset :] if begin < LOG_KEPT else b"":
            new = LogChunk(machine_id=self.machine_pk, job=job, offset=begin, size=len(rest), data=rest)
            LogChunk.objects.bulk_create([new], ignore_conflicts=True)

    def log_offset(self, job: str) -> int:
        return self._kept(job)

    def _kept(self, job: str) -> int:
        last = (
            LogChunk.objects.filter(machine_id=self.machine_pk, job=job)
            .order_by("-offset")
            .only("offset", "size")
            .first()
        )
        return last.offset + last.size if last else 0
