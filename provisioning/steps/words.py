"""Codes that more than one step must know."""

DIED = "machine-died"
"""A machine that was there is not there any more."""
