"""What we ask an engine for: names, labels, the network, the container, and the keys that are put into it.

`container` says what we want; `assert_harmless` reads the finished request once more, against what may be in it.
"""

import io
import json
import tarfile
from typing import Any

from provisioning.driver import Identity, MachineSpec
from provisioning.errors import Blame, GiveUp
from provisioning.fabrics.container.options import Options

OWNER, KEY, FROZEN = "fairground.owner", "fairground.key", "fairground.frozen"
CAPABILITIES = (
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETGID", "SETUID",
    "SYS_CHROOT",
)  # fmt: skip
"""Measured on Docker 20.10 with user namespaces: sshd (AUDIT_WRITE, SYS_CHROOT), apt (FOWNER), services."""
SECURITY = ["no-new-privileges"]
SSH = "22/tcp"
MIB = 1024 * 1024
STOP_PATIENCE = 15
"""Seconds; services are told to end and have 8 of them."""
_ALLOWED = {
    "CapAdd", "CapDrop", "Init", "LogConfig", "Memory", "MemorySwap", "NanoCpus", "NetworkMode", "PidsLimit",
    "PortBindings", "RestartPolicy", "SecurityOpt", "Ulimits",
}  # fmt: skip


def name(key: str) -> str:
    """The name of the container and of its network."""
    return f"fairground-{key}"


def labels(owner: str, key: str) -> dict[str, str]:
    """What tells our things apart from everybody else's."""
    return {OWNER: owner, KEY: key}


def network(spec: MachineSpec, options: Options, owner: str) -> dict[str, Any]:
    """A network for one machine; a bridge's name has at most 15 bytes."""
    return {
        "name": name(spec.key),
        "driver": "bridge",
        "ipam": {"Driver": "default", "Config": [{"Subnet": spec.subnet}] if spec.subnet else []},
        "options": {"com.docker.network.bridge.name": f"{options.bridge_prefix}{spec.key}"[:15]},
        "labels": labels(owner, spec.key),
        "check_duplicate": True,
    }


def container(spec: MachineSpec, options: Options, owner: str, *, limit_tasks: bool) -> dict[str, Any]:
    """The create request.

    `limit_tasks`: Podman would ask for more tasks per user than may be had where nobody may raise limits. The kernel
    counts them over all machines whose user it is, so that this one does not limit a machine: PidsLimit does.
    """
    published = {SSH: spec.ssh_port, **{f"{port.number}/tcp": port.outer for port in spec.ports}}
    frozen = {"ssh": spec.ssh_port, "ports": {port.name: port.outer for port in spec.ports}}
    memory = spec.size.memory_mib * MIB
    files = {"Name": "nofile", "Soft": options.open_files, "Hard": options.open_files}
    tasks = {"Name": "nproc", "Soft": options.tasks, "Hard": options.tasks}
    return {
        "Image": options.image,
        "Hostname": spec.key[:12],
        "Labels": {**labels(owner, spec.key), FROZEN: json.dumps(frozen, sort_keys=True)},
        "ExposedPorts": {port: {} for port in published},
        "StopTimeout": STOP_PATIENCE,
        "HostConfig": {
            "NetworkMode": name(spec.key),
            "PortBindings": {
                port: [{"HostIp": options.address, "HostPort": str(outer)}] for port, outer in published.items()
            },
            "RestartPolicy": {"Name": "unless-stopped"},
            "CapDrop": ["ALL"],
            "CapAdd": list(CAPABILITIES),
            "SecurityOpt": SECURITY,
            "Memory": memory,
            "MemorySwap": memory,  # the sum of both: no swap on top
            "NanoCpus": int(spec.size.cpu * 1_000_000_000),
            "PidsLimit": spec.size.processes,
            "Ulimits": [files, tasks] if limit_tasks else [files],
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "5m"}},
            "Init": False,  # the image brings its own first program
        },
    }


def assert_harmless(request: dict[str, Any], options: Options) -> None:
    """Read a create request as a stranger would. Raises GiveUp naming what must not be in it."""
    host = request["HostConfig"]
    bound = [binding for bindings in host["PortBindings"].values() for binding in bindings]
    rules = {
        "settings": set(host) <= _ALLOWED,
        "volumes": "Volumes" not in request,
        "capabilities": host["CapDrop"] == ["ALL"] and set(host["CapAdd"]) <= set(CAPABILITIES),
        "security": host["SecurityOpt"] == ["no-new-privileges"],
        "network": host["NetworkMode"] == name(request["Labels"][KEY]),
        "ports": all(binding["HostIp"] == options.address and binding["HostPort"] for binding in bound),
        "limits": min(host["Memory"], host["NanoCpus"], host["PidsLimit"]) > 0 and host["MemorySwap"] == host["Memory"],
        "owner": bool(request["Labels"][OWNER]),
    }
    if wrong := [rule for rule, holds in rules.items() if not holds]:
        raise GiveUp("machine-request-unsafe", blame=Blame.PORTAL, wrong=wrong)


def keys(spec: MachineSpec, identity: Identity) -> bytes:
    """A tar of the host key the machine answers with and of the key it lets in."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        _add(tar, "etc/ssh/ssh_host_ed25519_key", identity.host_key.reveal, 0o600)
        _add(tar, "etc/ssh/ssh_host_ed25519_key.pub", spec.host_public_key, 0o644)
        _add(tar, "root/.ssh/authorized_keys", spec.authorized_key, 0o600)
    return out.getvalue()


def _add(tar: tarfile.TarFile, path: str, text: str, mode: int) -> None:
    content = f"{text.strip()}\n".encode()
    entry = tarfile.TarInfo(path)
    entry.size, entry.mode = len(content), mode
    tar.addfile(entry, io.BytesIO(content))
