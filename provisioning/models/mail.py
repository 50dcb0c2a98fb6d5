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
    letter = models.CharField(max_length=60, blank=True)
    """Which letter it is, by its file in templates/mail."""
    recipient = models.EmailField(max_length=254)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField(blank=True)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=20, blank=True)
    """Why no server took it the last time, a word of portal/mail/troubles.py; empty = it was not tried yet, or has left."""
    answer = models.CharField(max_length=300, blank=True)
    """What the server said to that."""
    given_up_at = models.DateTimeField(null=True)
    """Since when it is not tried any more."""
    let_go = models.BooleanField(default=False)
    """Somebody behind the counter has seen that it never left."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entry", "recipient"], name="one_mail_per_entry_and_recipient")]
        indexes = [
            models.Index(fields=["due_at"], name="mail_unsent", condition=models.Q(sent_at=None, given_up_at=None))
        ]
