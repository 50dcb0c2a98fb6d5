"""How badly the stand-in cloud behaves: what happens to a request, by its action. Counters count down; at zero it behaves."""

import threading
from dataclasses import dataclass, field

LOOKS = ("Describe", "Get", "List", "Receive", "Assume")


@dataclass
class Moods:
    """All moods of one stand-in. A test sets them; `lock` is held by the stand-in while it reads and counts."""

    throttled: int = 0
    """Requests that are told to come back later."""
    full: set[tuple[str, str]] = field(default_factory=set)
    """Instance types and zones (or subnets) without capacity; "*" stands for all."""
    refused: int = 0
    """Instances for which there is no capacity, wherever."""
    hidden_looks: int = 0
    """Lists of instances in which an instance that is made from now on is not yet."""
    stale: int = 0
    """Lists that are answered as if nothing had ever been made."""
    partial: int = 0
    """Lists that come in two pages, of which the second is not to be had."""
    lost_requests: int = 0
    """The number of the changing request that never arrives, counted from now."""
    lost_replies: int = 0
    """The number of the changing request that is executed, and whose answer never comes."""
    locked: bool = False
    """Whether our keys open nothing any more."""
    open: threading.Event = field(default_factory=threading.Event)
    """Clear: requests are taken and kept."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.open.set()

    def calm(self) -> None:
        """Behave from now on."""
        self.throttled = self.refused = self.hidden_looks = self.stale = self.partial = self.lost_requests = (
            self.lost_replies
        ) = 0
        self.full, self.locked = set(), False
        self.open.set()

    def counts_down(self, mood: str) -> bool:
        """Whether this request is still one of those."""
        with self.lock:
            left = int(getattr(self, mood))
            setattr(self, mood, max(0, left - 1))
            return left > 0

    def is_the_one(self, mood: str, action: str) -> bool:
        """Whether this changing request is the very one."""
        if action.startswith(LOOKS):
            return False
        with self.lock:
            left = int(getattr(self, mood))
            setattr(self, mood, max(0, left - 1))
            return left == 1

    def is_full(self, kind: str, zone: str) -> bool:
        """Whether there is no room for one more of these."""
        return bool(self.full & {(kind, zone), (kind, "*"), ("*", zone), ("*", "*")})
