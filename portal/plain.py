"""What programs print, made fit to be read: no escapes, no control characters, nothing that turns text around."""

import re

ESCAPES = re.compile(
    r"\x1b\][^\x07\x1b]{0,2000}(?:\x07|\x1b\\)?"  # titles and links
    r"|\x1b[P^_X][^\x1b]{0,2000}(?:\x1b\\)?"
    r"|\x1b\[[0-?]{0,64}[ -/]{0,8}[@-~]?"  # colours and cursor moves
    r"|\x1b[ -/]{0,4}[0-~]?"
)
OVERWRITTEN = re.compile(r"^[^\n]*\r(?!\n)(?=[^\n])", re.MULTILINE)
"""A progress bar's earlier states: what stands before a carriage return on the same line. Looked for from the beginning of a
line only: from every letter of a long one it would take seconds."""
UNREADABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def readable(output: bytes) -> str:
    """Return the text of a program's output, whatever bytes it holds. Of lines written over, only their last state."""
    text = ESCAPES.sub("", output.decode("utf-8", "replace")).replace("\r\n", "\n")
    return UNREADABLE.sub("", OVERWRITTEN.sub("", text))


class Lines:
    """Bytes of one output as they come; whole lines as they can be read."""

    def __init__(self) -> None:
        self._rest = b""

    def take(self, chunk: bytes) -> str:
        """Add bytes; return the lines that they made whole."""
        whole, newline, self._rest = (self._rest + chunk).rpartition(b"\n")
        if len(self._rest) > 65_536:  # a line without end must not be kept without end
            whole, newline, self._rest = whole + newline + self._rest, b"\n", b""
        return readable(whole + newline)
