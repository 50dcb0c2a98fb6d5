"""Our on-board code as it lies on a machine, in a root of its own, asked the way sshd would: as a program."""

import atexit
import base64
import io
import json
import shutil
import subprocess
import tarfile
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from provisioning.ssh.cargo import pack
from tests.waiting import until

Json = dict[str, Any]
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@cache
def shipped() -> Path:
    """Our code as it arrives on a machine: unpacked from what is shipped, and compiled there. Once for all tests."""
    folder = Path(tempfile.mkdtemp(prefix="fairground-code-"))
    atexit.register(shutil.rmtree, folder)
    folder.chmod(0o755)
    with tarfile.open(fileobj=io.BytesIO(pack())) as tar:
        tar.extraction_filter = getattr(tarfile, "data_filter", None)  # Debian's Python 3.11.2 knows none yet
        tar.extractall(folder)
    subprocess.run(["python3", "-m", "compileall", "-q", folder], env={"PATH": PATH}, check=True)
    return folder


class Onboard:
    """One machine, as far as our code can tell."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.code = root / "opt/fairground/current"
        self.code.parent.mkdir(parents=True)
        self.code.symlink_to(shipped())
        self.environment = {"PATH": PATH, "FAIRGROUND_ROOT": str(root)}
        self.jobs = root / "var/lib/fairground/jobs"

    def ask(self, verb: str, payload: bytes = b"", **given: Any) -> Json:
        """Ask a verb; return its JSON answer."""
        return self.ask_raw(verb, payload, given)[0]

    def ask_raw(self, verb: str, payload: bytes, given: Json) -> tuple[Json, bytes]:
        """Ask a verb; return its JSON answer and the bytes behind."""
        question = json.dumps(({"behind": len(payload)} if payload else {}) | given).encode() + b"\n" + payload
        done = subprocess.run(
            [self.code / "onboard", verb], input=question, env=self.environment, capture_output=True, check=True
        )
        line, _, behind = done.stdout.partition(b"\n")
        return json.loads(line), behind

    def program(self, name: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a program of ours, as a job would."""
        command = [str(self.code / "onboard"), name, *words]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)

    def start(self, name: str, *argv: str, **more: Any) -> Json:
        """Start a job."""
        return self.ask("job-start", name=name, argv=list(argv), **more)

    def sh(self, name: str, script: str, **more: Any) -> Json:
        """Start a job that is a line of shell."""
        return self.start(name, "sh", "-c", script, **more)

    def peek(self, name: str, offset: int = 0, wait: float = 0) -> Json:
        """Look at a job; `log` and `tail` as bytes."""
        seen = self.ask("job-peek", name=name, offset=offset, wait=wait)
        return {**seen, **{key: base64.b64decode(seen[key]) for key in ("log", "tail") if key in seen}}

    def ended(self, name: str, seconds: float = 20) -> Json:
        """Wait for a job's end."""

        def look() -> Json | None:
            seen = self.peek(name, wait=1)
            return seen if seen["state"] in ("exited", "broken") else None

        return dict(until(f"{name} ends", look, seconds))

    def run(self, name: str) -> Json:
        """Who runs a job."""
        path = self.jobs / name / "run.json"
        until(f"{name} runs", path.exists)
        return dict(json.loads(path.read_text()))

    def stop_all_jobs(self) -> None:
        """End whatever a test left behind."""
        for folder in self.jobs.glob("[!.]*"):
            if not (folder / "exit.json").exists():
                self.ask("job-end", name=folder.name)
