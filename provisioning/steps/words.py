"""Codes that more than one step must know."""

MISTAKE = "our-mistake"
"""What a pass ran into that met a bug of ours."""
ANOTHER = "host-key-changed"
"""Not the machine that we know, as far as its host key tells."""
DIED = "machine-died"
"""A machine that was there is not there any more."""
NEVER_STARTED = "machine-never-started"
NEVER_ANSWERED = "machine-never-answered"
REPLACED_ONCE = frozenset({DIED, NEVER_STARTED, NEVER_ANSWERED})
"""The place's fault, and another machine may well do: one is tried without asking anybody, in each attempt."""
CONSOLE = "console"
"""What a machine that never answered wrote to its console, among the logs of jobs."""
FULL = "place-is-full"
NO_ROOM = frozenset({"zone-is-full", FULL})
"""Of several kinds of room that a place has, one was full, or the last. The next machine is told how many it was so for."""
TAKEN = frozenset({"ports-in-use", "subnet-in-use", "zone-is-full"})
"""What the machine was to have is somebody else's: another one, with the next numbers or the next turn, finds its room."""
