"""Somebody's own account at a cloud: what its owner fills in and the house's rest make a machine that boots, and goes."""

from pathlib import Path

import pytest

from portal.people import own_places
from portal.people.own_sheet import OwnSheet
from provisioning.fabrics.ec2 import console
from provisioning.models import Fabric, Machine
from provisioning.phases import Phase
from provisioning.reconciler import count_heads
from provisioning.trying import try_place
from tests.cloud.whole import WholeCloud, open_cloud
from tests.engine import EnginePlace, engine
from tests.makers import make_person
from tests.simulation import Simulation
from tests.waiting import until

__all__ = ["engine"]
pytestmark = pytest.mark.engine
SHOWN = "-----END SSH HOST KEY KEYS-----"


def added(cloud: WholeCloud) -> Fabric:
    """As its owner fills it in, where the house has a place that its own keys open no more."""
    options = cloud.options()
    mine = {f"option-{name}": options.pop(name) for name in ("region", "image", "key_id", "key")}
    zones = {"option-zones": "\n".join(options["zones"])}
    needed = {"region": "eu-west-1", "image": "ami-0000", "zones": ["nowhere"]}
    Fabric.objects.create(name="The house's", kind="ec2", options=options | needed)
    sheet = OwnSheet.new(make_person(), "ec2", {"name": "Mine", **mine, **zones})
    assert sheet.is_valid()
    return sheet.keep()


def test_a_check_boots_the_smallest_machine_reaches_it_ends_it_and_leaves_nothing(
    transactional_db: None, engine: EnginePlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "BETWEEN_LOOKS", 0.0)
    with open_cloud(engine) as cloud:
        place, world = added(cloud), Simulation(tmp_path)
        assert try_place(place, at=world.at)
        world.run_until(lambda: bool(cloud.instances()))
        until("it has booted", lambda: all(SHOWN in text for text in cloud.consoles()), 60)
        world.run_until(lambda: Machine.objects.get().phase == Phase.GONE)
        trial = own_places.seen(place, world.at).trial
        assert trial
        assert (trial.is_good, "USD" in trial.cost) == (True, True), trial.problem
        assert count_heads(place, world.at, world.world).agree
        until("nothing is left", lambda: not cloud.left())
