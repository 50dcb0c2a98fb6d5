"""After a kill of everything, a start goes on at once."""

from datetime import timedelta

import pytest

from provisioning.models import Deployment
from provisioning.reconciler.lease import Lease, LeaseLost
from provisioning.reconciler.start import give_back_leases
from tests.makers import NOON, launch
from tests.simulation import Simulation

SOON = NOON + timedelta(seconds=1)


def test_a_row_that_a_killed_worker_held_is_free_at_once(world: Simulation) -> None:
    deployment = launch()
    assert Lease.claim(Deployment, deployment.pk, NOON)
    assert Lease.claim(Deployment, deployment.pk, SOON) is None
    assert give_back_leases(SOON) == 1
    assert Lease.claim(Deployment, deployment.pk, SOON)


def test_a_worker_that_was_forgotten_writes_nothing_any_more(world: Simulation) -> None:
    deployment = launch()
    forgotten = Lease.claim(Deployment, deployment.pk, NOON)
    give_back_leases(SOON)
    assert Lease.claim(Deployment, deployment.pk, SOON)
    assert forgotten
    with pytest.raises(LeaseLost):
        forgotten.write(title="overwritten")
