"""What the house's webhook is owed."""

from django.db import models

from provisioning.models.machine import Machine
from provisioning.models.reconciled import new_key


class HookCall(models.Model):
    """One call that another program of the house is owed: a machine is there, or gone. Written first, made later."""

    key = models.CharField(max_length=32, unique=True, default=new_key)
    """Goes with it, so that a second delivery after a crash is recognised."""
    machine = models.ForeignKey(Machine, on_delete=models.CASCADE, related_name="hook_calls")
    what = models.CharField(max_length=4, choices=[("made", "made"), ("gone", "gone")])
    told = models.JSONField(default=dict)
    """What is sent, but for `key` and `what`: plain values, no secret."""
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)
    trouble = models.CharField(max_length=200, blank=True)
    """What came of the last try, for the technical log and the desk."""
    answered_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["machine", "what"], name="one_hook_call_per_machine_and_event")]
        indexes = [
            models.Index(
                fields=["due_at"], name="hook_unanswered", condition=models.Q(answered_at=None, given_up_at=None)
            )
        ]
