"""Behind the counter: every row can be looked at, nothing secret is shown, and facts cannot be written."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from portal.models import User
from provisioning.models import Admission, Deployment, Machine
from tests.makers import make_event, make_fabric
from tests.portal import scenes

LISTS = ["deployment", "machine", "fabric", "event", "entry", "archive", "stray", "mail", "admission", "report"]


def page_of(desk: Client, row: Deployment | Machine) -> str:
    name = row._meta.model_name
    return desk.get(reverse(f"admin:provisioning_{name}_change", args=[row.pk])).content.decode()


def act(desk: Client, row: Deployment | Machine, action: str) -> int:
    where = reverse(f"admin:provisioning_{row._meta.model_name}_changelist")
    return desk.post(where, {"action": action, "_selected_action": [row.pk]}).status_code


@pytest.mark.parametrize("name", LISTS)
def test_every_kind_of_row_has_a_list(desk: Client, name: str) -> None:
    scenes.ended()
    assert desk.get(reverse(f"admin:provisioning_{name}_changelist")).status_code == 200


@pytest.mark.parametrize("name", LISTS)
def test_a_list_asks_the_database_as_often_for_many_as_for_one(
    desk: Client, name: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(2):
        with django_assert_max_num_queries(11):
            desk.get(reverse(f"admin:provisioning_{name}_changelist"))
        for _ in range(8):
            scenes.ended()


@pytest.mark.parametrize("name", LISTS)
def test_lists_are_for_the_people_behind_the_counter_alone(client: Client, stranger: User, name: str) -> None:
    client.force_login(stranger)
    assert client.get(reverse(f"admin:provisioning_{name}_changelist")).status_code == 302


def test_no_key_no_parameter_and_no_password_is_shown(desk: Client) -> None:
    deployment = scenes.ready(values={"secret": "do-not-show"})
    machine = deployment.machine()
    assert machine is not None
    pages = page_of(desk, deployment) + page_of(desk, machine)
    secrets = ["do-not-show", "correct-horse-battery", machine.git_bearer, "PRIVATE KEY"]
    assert [secret for secret in secrets if secret in pages] == []


def test_what_a_place_keeps_to_itself_is_not_in_its_table(desk: Client) -> None:
    place = make_fabric(secrets={"password": "do-not-show"})
    page = desk.get(reverse("admin:provisioning_fabric_change", args=[place.pk])).content.decode()
    assert "do-not-show" not in page
    assert "secrets" not in page


def test_facts_cannot_be_written(desk: Client) -> None:
    deployment = scenes.ready()
    where = reverse("admin:provisioning_deployment_change", args=[deployment.pk])
    assert desk.post(where, {"phase": "gone", "wanted": "gone"}).status_code == 403
    deployment.refresh_from_db()
    assert deployment.phase == "ready"


def test_services_are_found_by_their_app(desk: Client) -> None:
    found, other = scenes.ready(title="Auction"), scenes.ready(title="Photo wall")
    where = reverse("admin:provisioning_deployment_changelist")
    page = desk.get(where, {"release__app__id__exact": found.release.app_id})
    assert list(page.context["cl"].queryset) == [found]
    assert f"release__app__id__exact={other.release.app_id}" in page.content.decode()


def test_a_service_can_be_taken_down_and_tried_again(desk: Client) -> None:
    running, broken = scenes.ready(), scenes.failed(make_event(days=400))
    act(desk, running, "take_down")
    running.refresh_from_db()
    assert running.wanted == "gone"
    assert act(desk, broken, "try_again") == 302


def test_only_an_administrator_gives_up_data(desk: Client, client: Client, staff: User) -> None:
    machine = scenes.leaving().machine()
    assert machine is not None
    User.objects.filter(pk=staff.pk).update(is_superuser=False)
    act(client, machine, "waive")
    machine.refresh_from_db()
    assert machine.settled == ""
    User.objects.filter(pk=staff.pk).update(is_superuser=True)
    act(desk, machine, "waive")
    machine.refresh_from_db()
    assert (machine.settled, machine.settled_by_id) == ("waived", staff.pk)


def test_launches_can_be_paused(desk: Client) -> None:
    Admission.objects.create(pk=1)
    where = reverse("admin:provisioning_admission_change", args=[1])
    desk.post(where, {"quarantined": ""})
    assert not Admission.objects.get().is_open


def test_people_are_looked_up_and_never_made_or_removed_here(desk: Client, stranger: User) -> None:
    assert desk.get(reverse("admin:portal_user_change", args=[stranger.pk])).status_code == 200
    assert desk.get(reverse("admin:portal_user_add")).status_code == 403
    assert desk.get(reverse("admin:portal_user_delete", args=[stranger.pk])).status_code == 403
