"""A git server over HTTP as it should be, and as it should not be."""

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.catalog.repos import QUIET

Mode = Callable[["Answering"], None]


class Answering(BaseHTTPRequestHandler):
    """One request. The server says how it is answered."""

    server: "GitServer"

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.server.mode(self)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the base class
        """Say nothing."""

    def reply(self, status: int, body: bytes = b"", kind: str = "text/plain", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)


class GitServer(ThreadingHTTPServer):
    """Serves the repositories below a folder on loopback."""

    daemon_threads = True

    def __init__(self, folder: Path, mode: Mode) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.folder = folder
        self.mode = mode
        self.asked: list[str] = []
        self.closing = threading.Event()

    @property
    def prefix(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is what we test."""


@contextmanager
def git_server(folder: Path, mode: Mode | None = None) -> Iterator[GitServer]:
    server = GitServer(folder, mode or honest)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


def honest(request: Answering) -> None:
    """Answer as git's own http-backend does."""
    name = request.path.removeprefix("/").partition("/")[0]
    repo = request.server.folder / name
    advertise = "info/refs" in request.path
    size = int(request.headers.get("Content-Length") or 0)
    body = request.rfile.read(size) if size else b""
    if request.headers.get("Transfer-Encoding") == "chunked" or not repo.is_dir():
        return request.reply(404)
    words = ["git", "-c", "uploadpack.allowAnySHA1InWant=true", "upload-pack", "--stateless-rpc"]
    done = subprocess.run(
        [*words, *(["--advertise-refs"] if advertise else []), str(repo)],
        env={**QUIET, "GIT_PROTOCOL": request.headers.get("Git-Protocol", "")},
        input=body,
        capture_output=True,
        check=False,
    )
    kind = "application/x-git-upload-pack-" + ("advertisement" if advertise else "result")
    return request.reply(200, done.stdout, kind)


def private(request: Answering) -> None:
    request.reply(401, WWW_Authenticate='Basic realm="git"')


def moved(request: Answering) -> None:
    request.reply(302, Location=f"http://127.0.0.1:{request.server.server_address[1]}/elsewhere{request.path}")


def broken(request: Answering) -> None:
    request.reply(500)


def missing(request: Answering) -> None:
    request.reply(404)


def a_web_page(request: Answering) -> None:
    request.reply(200, b"<!doctype html><title>Welcome</title>", "text/html")


def garbage(request: Answering) -> None:
    request.reply(200, b"zzzz this is no pkt-line", "application/x-git-upload-pack-advertisement")


def slow_drip(request: Answering) -> None:
    """A byte now and then, without end."""
    request.send_response(200)
    request.send_header("Content-Type", "application/x-git-upload-pack-advertisement")
    request.end_headers()
    while not request.server.closing.wait(0.2):
        request.wfile.write(b"0")
        request.wfile.flush()


def black_hole(request: Answering) -> None:
    """Take the question and never answer."""
    request.server.closing.wait(30)


def many_refs(request: Answering) -> None:
    """Refs without end, in the old protocol."""
    request.send_response(200)
    request.send_header("Content-Type", "application/x-git-upload-pack-advertisement")
    request.end_headers()
    lines = [packet(b"# service=git-upload-pack\n"), b"0000"]
    request.wfile.write(b"".join(lines))
    number = 0
    while not request.server.closing.is_set():
        request.wfile.write(
            b"".join(packet(b"%040x refs/heads/b%d\n" % (n + 1, n)) for n in range(number, number + 500))
        )
        number += 500


def packet(line: bytes) -> bytes:
    return b"%04x%s" % (len(line) + 4, line)
