"""The only bridge between rows and the world: it brings every row from where it is to where it is wanted."""

from provisioning.reconciler.copies import clear_away
from provisioning.reconciler.heads import Heads, count_heads
from provisioning.reconciler.keep import head_count, keep
from provisioning.reconciler.listen import listen
from provisioning.reconciler.mirrors import is_any_mirror_old, refresh_mirrors
from provisioning.reconciler.sweep import LINGER, drain, is_any_due, quiet_until
from provisioning.reconciler.visits import count_visits
from provisioning.reconciler.walk import reconcile
from provisioning.reconciler.world import World, the_vault, the_world

__all__ = [
    "LINGER",
    "Heads",
    "World",
    "clear_away",
    "count_heads",
    "count_visits",
    "drain",
    "head_count",
    "is_any_due",
    "is_any_mirror_old",
    "keep",
    "listen",
    "quiet_until",
    "reconcile",
    "refresh_mirrors",
    "the_vault",
    "the_world",
]
