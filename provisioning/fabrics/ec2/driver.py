"""The four verbs on a cloud.

A machine is an instance, a security group and a key pair. Tags are all the memory: whose they are, the key, what was chosen.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from botocore.exceptions import ClientError

from provisioning.driver import (
    ABSENT,
    Capabilities,
    Departure,
    Endpoint,
    Finding,
    Identity,
    MachineSpec,
    RollCall,
    Seen,
    Sighting,
)
from provisioning.driver import marked as _
from provisioning.errors import Blame, Stop, TryAgain
from provisioning.fabrics.ec2 import console, errors, leaving, request
from provisioning.fabrics.ec2.check import check
from provisioning.fabrics.ec2.cloud import Account, opened
from provisioning.fabrics.ec2.groups import empty_group, group
from provisioning.fabrics.ec2.options import Options
from provisioning.fabrics.ec2.things import Thing, Things, is_there, keys, state
from provisioning.fabrics.ec2.ways import SSH

_SEEN = {"pending": Seen.STARTING, "running": Seen.RUNNING, "stopping": Seen.STOPPED, "stopped": Seen.STOPPED}
_ADDRESS = {"public": "PublicIpAddress", "private": "PrivateIpAddress", "ipv6": "Ipv6Address"}


class Ec2Driver:
    """One account in one region."""

    capabilities = Capabilities(
        enforces_memory=False,
        absent_twice=True,
        takes_host_key=False,
        takes_ports=False,
        may_switch_off=True,  # its shutdown behaviour is to stop
        starts_within=timedelta(minutes=10),
    )
    """An instance has what its type has, which may be more than was asked for."""
    settling = timedelta(minutes=10)
    """For so long, a new instance may be unknown to the very cloud that made it."""

    def __init__(self, options: Options, owner: str) -> None:
        self.options = options
        self.owner = owner
        self._account = Account(options)
        self._consoles = console.Consoles()

    def ensure(self, spec: MachineSpec, identity: Identity, *, within: float) -> Sighting:
        """Make what is missing, start what does not run, put back on its network what was cut off."""
        with self._things(within) as things:
            everybodys = things.instances(request.KEY, spec.key)
            things.must_be_ours(everybodys, spec.key)
            if not everybodys:
                return self._sighting(things, self._run(things, spec, identity))
            found = things.instance(spec.key)
            if found is None or not is_there(found):
                return self._look(things, spec.key)  # it was ended; a key is used once
            belongs = group(things, spec, self.options)[0]
            if [joined["GroupId"] for joined in found["SecurityGroups"]] != [belongs]:
                things.cloud.ask("modify_instance_attribute", InstanceId=found["InstanceId"], Groups=[belongs])
            if state(found) == "stopped":
                things.cloud.ask("start_instances", InstanceIds=[found["InstanceId"]])
            return self._look(things, spec.key)

    def see(self, key: str, *, within: float) -> Sighting:
        """Say what is there. Only when instance, groups and key pair are gone, it is absent."""
        with self._things(within) as things:
            return self._look(things, key)

    def remove(self, key: str, *, within: float) -> Sighting:
        """End the instance with its disk, then let go what was made for it. The cloud keeps a group that is still used."""
        with self._things(within) as things:
            ours = [each for each in things.instances(request.KEY, key) if things.is_ours(each)]
            if living := [each["InstanceId"] for each in ours if is_there(each)]:
                things.cloud.ask("terminate_instances", InstanceIds=living)
            for pair in things.key_pairs(request.KEY, key):
                things.silently("delete_key_pair", KeyName=pair["KeyName"])
            for made in things.groups(request.KEY, key) if not living else ():
                things.silently("delete_security_group", GroupId=made["GroupId"])
            for each in ours:
                self._consoles.forget(each["InstanceId"])
            return self._look(things, key)

    def cut(self, key: str, *, within: float) -> None:
        """Give the instance a group that lets nothing in or out; what runs on it runs on."""
        with self._things(within) as things:
            found = things.instance(key)
            if found and is_there(found) and _is_on_network(found, key):
                empty = empty_group(things, key, found.get("VpcId", ""))
                things.cloud.ask("modify_instance_attribute", InstanceId=found["InstanceId"], Groups=[empty])

    def roll_call(self, *, within: float) -> RollCall:
        """Everything that carries our tag, groups and key pairs without an instance too."""
        with self._things(within) as things:
            ours = request.OWNER, self.owner
            machines = keys(each for each in things.instances(*ours) if is_there(each))
            others = keys([*things.groups(*ours), *things.key_pairs(*ours)])
            return RollCall(True, machines | others, others - machines)

    def check(self, *, within: float) -> Sequence[Finding]:
        """Look at everything that a machine will need; change nothing."""
        try:
            with opened(self._account, within) as cloud:
                return list(check(cloud, self.options, self.owner))
        except Stop as stop:
            return [Finding(self.options.region, False, _("The cloud does not answer: %(said)s."), {"said": stop.code})]

    def console(self, key: str, *, within: float) -> bytes:
        """Read the end of what a machine wrote to its console; empty if there is nothing, or no such machine of ours."""
        with self._things(within) as things:
            found = things.instance(key)
            return console.read(things.cloud, found["InstanceId"]).encode()[-console.MOST :] if found else b""

    def departures(self, *, within: float) -> Sequence[Departure]:
        """What the queue says of instances; nothing, where there is no queue."""
        if not self.options.queue:
            return ()
        with opened(self._account, within) as cloud:
            return leaving.departures(cloud, self.options.queue)

    def heard(self, receipt: str, *, within: float) -> None:
        """Take a message out of the queue."""
        with opened(self._account, within) as cloud:
            leaving.heard(cloud, self.options.queue, receipt)

    @contextmanager
    def _things(self, within: float) -> Iterator[Things]:
        with opened(self._account, within) as cloud:
            yield Things(cloud, self.owner)

    def _run(self, things: Things, spec: MachineSpec, identity: Identity) -> Thing:
        """The same request for the same key, however often: the cloud answers it with the same instance."""
        belongs, chosen = group(things, spec, self.options)
        things.silently("import_key_pair", **request.key_pair(spec, self.owner))
        wanted = request.instance(spec, identity, self.owner, chosen, belongs)
        request.assert_harmless(wanted)
        try:
            return dict(things.cloud.ask("run_instances", **wanted)["Instances"][0])
        except ClientError as error:
            stop = errors.translated(error)
            if stop.code == errors.FULL and chosen.others:  # where else there may be room, another key finds out
                raise TryAgain("zone-is-full", blame=Blame.FABRIC, detail=stop.params["detail"]) from error
            raise stop from error

    def _look(self, things: Things, key: str) -> Sighting:
        found = things.instance(key)
        if found and is_there(found):
            return self._sighting(things, found)
        was_there = found is not None  # an instance that ended is remembered for an hour
        if (found and state(found) == "shutting-down") or things.groups(request.KEY, key):
            return Sighting(Seen.REMAINS, detail="its security group is left", is_final=was_there)
        if things.key_pairs(request.KEY, key):
            return Sighting(Seen.REMAINS, detail="its key pair is left", is_final=was_there)
        return replace(ABSENT, is_final=was_there)

    def _sighting(self, things: Things, found: Thing) -> Sighting:
        told, here = request.read_tags(found), found.get(_ADDRESS[self.options.address])
        seen = _SEEN.get(state(found), Seen.REMAINS)
        return Sighting(
            seen=seen,
            place_id=found["InstanceId"],
            ssh=Endpoint(here, SSH) if here else None,
            ports={name: Endpoint(here, port) for name, port in request.ports_of(told).items()} if here else {},
            portal_host=self.options.git_door_host,
            on_network=_is_on_network(found, told[request.KEY]),
            detail=f"{state(found)}, {found.get('StateReason', {}).get('Message', '')}",
            host_key=self._consoles.host_key(things.cloud, found["InstanceId"]) if seen is Seen.RUNNING else "",
            user=self.options.user,
        )


def _is_on_network(instance: Thing, key: str) -> bool:
    """Whether it is in its own group; in the moment of its birth, it may be in none yet."""
    return request.name(key) + request.CUT not in {joined["GroupName"] for joined in instance.get("SecurityGroups", [])}
