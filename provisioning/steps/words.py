"""Codes that more than one step must know."""

ANOTHER = "host-key-changed"
"""Not the machine that we know, as far as its host key tells."""
DIED = "machine-died"
"""A machine that was there is not there any more."""
TAKEN = frozenset({"ports-in-use", "subnet-in-use"})
"""Something that is not ours uses what the machine was to have: another one, with the next numbers, finds its room."""
