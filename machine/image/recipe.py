"""The recipe of the machine image, read from the files beside this one."""

import hashlib
import io
import os
import platform
import tarfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = "fairground/machine"
SUITE = "bookworm"
STARTS_WITH = ("/usr/bin/tini", "--", "/usr/sbin/machine-start")
LEFT_OUT = ("/usr/share/man/*", "/usr/share/info/*", "/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/lintian/*")
KEPT = ("/usr/share/doc/*/copyright",)
HOST_CERTIFICATES = Path("/usr/local/share/ca-certificates")
"""Where an administrator puts certificates that the distribution does not know."""
_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
_READ_FROM_BUNDLE = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE")
"""Programs with a list of their own (Python packages, Node) read the system's list only when told."""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what the image holds."""

    packages: tuple[str, ...]
    overlay: bytes  # tar of the files that are laid over the packages, finish.sh among them
    mirror: str  # of Debian packages; "" = Debian's own
    environment: dict[str, str]  # of the first program, and so of all

    @property
    def digest(self) -> str:
        """Twelve hex digits."""
        facts = (self.packages, self.mirror, self.environment, SUITE, STARTS_WITH, LEFT_OUT, KEPT, platform.machine())
        return hashlib.sha256(repr(facts).encode() + self.overlay).hexdigest()[:12]

    @property
    def tag(self) -> str:
        """The name of the image."""
        return f"{REPOSITORY}:{self.digest}"

    @property
    def changes(self) -> list[str]:
        """How a container of this image starts, as Dockerfile lines."""
        first = ", ".join(f'"{word}"' for word in STARTS_WITH)
        settings = [f"ENV {name}={value}" for name, value in self.environment.items()]
        return [f"ENTRYPOINT [{first}]", "CMD []", "EXPOSE 22/tcp", *settings]


def read_recipe(certificates: Path = HOST_CERTIFICATES) -> Recipe:
    """Read the recipe. This host's own certificates belong to it where the host has some.

    Some places sign all https traffic anew; without their certificate git, pip and npm fail inside a machine.
    """
    lines = [line.split("#")[0].strip() for line in (HERE / "packages.txt").read_text().splitlines()]
    extra = sorted(certificates.rglob("*.crt")) if certificates.is_dir() else []
    environment = {"LANG": "C.UTF-8", **(dict.fromkeys(_READ_FROM_BUNDLE, _BUNDLE) if extra else {})}
    return Recipe(
        packages=tuple(line for line in lines if line),
        overlay=_overlay(extra, environment),
        mirror=os.environ.get("FAIRGROUND_DEBIAN_MIRROR", ""),
        environment=environment,
    )


def _overlay(certificates: list[Path], environment: dict[str, str]) -> bytes:
    """One tar, the same bytes for the same content whoever checked it out."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        files = HERE / "files"
        for path in sorted(files.rglob("*")):
            if path.is_file():
                _add(tar, str(path.relative_to(files)), path.read_bytes(), runs=os.access(path, os.X_OK))
        for path in certificates:
            _add(tar, f"usr/local/share/ca-certificates/host-{path.name}", path.read_bytes())
        login = "".join(f"{name}={value}\n" for name, value in environment.items())
        _add(tar, "etc/environment", login.encode())
        _add(tar, "usr/lib/machine/finish.sh", (HERE / "finish.sh").read_bytes(), runs=True)
    return out.getvalue()


def _add(tar: tarfile.TarFile, name: str, content: bytes, *, runs: bool = False) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = len(content), 0o755 if runs else 0o644, 0
    entry.uname = entry.gname = "root"
    tar.addfile(entry, io.BytesIO(content))
