"""What a machine of a cloud is told at its first start: whom to let in, and to tell the portal its host key.

It holds no lasting secret: every program on the machine may read it for ever. The word is good for one key, once.
"""

import json

from provisioning.driver import Identity, MachineSpec

SCRIPT = "/run/fairground/enrol"
_ENROL = """\
import json, os, time, urllib.error, urllib.request
told = json.loads({told!r})
with open("/etc/ssh/ssh_host_ed25519_key.pub") as public:
    key = " ".join(public.read().split()[:2])
for _ in range(90):
    asked = urllib.request.Request(told["url"], key.encode(), {{"Authorization": "Bearer " + told["word"]}})
    try:
        urllib.request.urlopen(asked, timeout=10).close()
        break
    except urllib.error.HTTPError as error:
        if 400 <= error.code < 500 and error.code != 429:
            break
    except OSError:
        pass
    time.sleep(10)
os.remove(__file__)
"""
PATH = "/machines/{key}/host-key"
"""POST the public half, one line, with the word as bearer. Refused: for good. Not answered: again, for a quarter of an hour."""


def user_data(spec: MachineSpec, identity: Identity, url: str) -> str:
    """A cloud-config. The same spec, identity and address always give the same text."""
    config: dict[str, object] = {
        "disable_root": False,
        "ssh_pwauth": False,
        "ssh_deletekeys": True,
        "ssh_genkeytypes": ["ed25519"],
        "ssh_authorized_keys": [spec.authorized_key.strip()],
    }
    if url and identity.enrolment.reveal:
        told = json.dumps({"url": url.rstrip("/") + PATH.format(key=spec.key), "word": identity.enrolment.reveal})
        config["write_files"] = [{"path": SCRIPT, "permissions": "0600", "content": _ENROL.format(told=told)}]
        config["runcmd"] = [["python3", SCRIPT]]
    return f"#cloud-config\n{json.dumps(config, indent=1)}\n"
