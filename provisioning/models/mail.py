"""The outbox."""

from django.db import models

from provisioning.models.entry import Entry
from provisioning.models.reconciled import new_key


class Mail(models.Model):
    """One mail that somebody is owed. Written first, sent later, once."""

    entry = models.ForeignKey(Entry, null=True, on_delete=models.SET_NULL, related_name="mails")
    """The cause; empty for mails about accounts (codes), which nobody but their reader triggers."""
    key = models.CharField(max_length=32, unique=True, default=new_key)
    """Makes the Message-ID, so that a second delivery after a crash is recognised."""
    recipient = models.EmailField(max_length=254)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField(blank=True)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entry", "recipient"], name="one_mail_per_entry_and_recipient")]
        indexes = [models.Index(fields=["due_at"], name="mail_unsent", condition=models.Q(sent_at=None))]
