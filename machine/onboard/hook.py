"""Programs of the app that we call at certain moments: after new content, before and after a copy."""

from __future__ import annotations

import os
import signal
import subprocess

from machine.onboard.failure import Failed, Why
from machine.onboard.places import SERVICE
from machine.onboard.program import Program
from machine.onboard.wire import Refused

GRACE = 5.0


def run_hook(path: str, env_file: str, timeout: float, **variables: str) -> None:
    """Run a program of the service as root, from its checkout. Its output joins ours. Raises Failed(HOOK_FAILED)."""
    program = Program([str(SERVICE / path)], str(SERVICE), "root", env_file, variables)
    print(f"--- {path}", flush=True)
    try:
        hook = started(program)
    except (OSError, Refused) as error:
        raise Failed(Why.HOOK_FAILED, f"{path} could not be started: {error}")
    try:
        code = hook.wait(timeout)
    except subprocess.TimeoutExpired:
        raise Failed(Why.HOOK_FAILED, f"{path} did not end within {timeout:.0f} s")
    except Failed as failed:
        raise Failed(Why.HOOK_FAILED, f"{path} did not end in time") if failed.why == Why.OUT_OF_TIME else failed
    finally:
        put_down(hook)
    if code:
        raise Failed(Why.HOOK_FAILED, f"{path} ended with {code}")


def started(program: Program) -> subprocess.Popen[bytes]:
    """Start it in a session of its own, with nothing to read and nothing of our environment."""
    return subprocess.Popen(
        program.argv,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        env=program.environment(),
        cwd=program.directory,
        umask=0o022,
        start_new_session=True,
    )


def put_down(hook: subprocess.Popen[bytes]) -> None:
    """End what is left of it, the kind way first."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(hook.pid, number)
            hook.wait(GRACE)
        except (ProcessLookupError, PermissionError):
            return
        except subprocess.TimeoutExpired:
            continue
