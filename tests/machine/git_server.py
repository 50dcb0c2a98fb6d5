"""A git server on a loopback port: a good one that wants a bearer, and several bad ones."""

import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

BEARER = "sesame-open-1234"


class Repository:
    """A repository that an author works in, and that the server serves."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("config", "http.receivepack", "false")
        self.git("config", "uploadpack.allowAnySHA1InWant", "true")

    def git(self, *words: str) -> str:
        """Run git in it."""
        names = {
            f"GIT_{who}_{what}": "an@author.example" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
        }
        environment = {**os.environ, **names, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}
        done = subprocess.run(
            ["git", *words], cwd=self.folder, env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def commit_tree(self, tree: bytes, *, made_by: str = "hash-object -t tree -w --literally --stdin") -> str:
        """Commit a tree made by hand; it may be one that git itself would never write."""
        done = subprocess.run(["git", *made_by.split()], cwd=self.folder, input=tree, capture_output=True, check=True)
        commit = self.git("commit-tree", "-m", "by hand", done.stdout.decode().strip())
        self.git("update-ref", "refs/heads/main", commit)
        return commit

    def commit(self, **files: str | bytes | None) -> str:
        """Write (None: remove) files, commit everything, return the commit. `__` in a name is `/`, `_dot_` is `.`."""
        for name, content in files.items():
            path = self.folder / name.replace("__", "/").replace("_dot_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                path.unlink()
            else:
                path.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.git("add", "--all", "--force")
        self.git("commit", "--quiet", "--allow-empty", "--message", "more")
        return self.git("rev-parse", "HEAD")


class GitServer:
    """Serves the folder beneath it. `mode` says how it behaves: good, or one of the ways to be bad."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mode = "good"
        self.hold = threading.Event()
        self.seen: list[tuple[str, str]] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Asked", (Answer,), {"door": self}))
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, name: str) -> str:
        """Where a repository is to be found."""
        return f"http://127.0.0.1:{self.server.server_address[1]}/git/{name}"

    def close(self) -> None:
        """Go away."""
        self.hold.set()
        self.server.shutdown()
        self.server.server_close()


class Answer(BaseHTTPRequestHandler):
    """One request."""

    door: GitServer

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Behave as told."""
        self.door.seen.append((self.path, self.headers.get("Authorization", "")))
        match self.door.mode:
            case "good" if self.headers.get("Authorization") != f"Bearer {BEARER}":
                self.only(401, ("WWW-Authenticate", 'Basic realm="git"'))
            case "good":
                self.serve()
            case "redirect":
                self.only(302, ("Location", self.door.url("elsewhere")))
            case "garbage":
                self.send_response(200)
                self.send_header("Content-Type", "application/x-git-upload-pack-advertisement")
                self.end_headers()
                self.wfile.write(b"001e# service=git-upload-pack\n0000" + os.urandom(500))
            case "held":
                self.door.hold.wait(60)
                self.serve()
            case "silent":
                self.door.hold.wait(60)
            case code:
                self.only(int(code))

    do_POST = do_GET  # noqa: N815 - the library's word

    def only(self, code: int, *headers: tuple[str, str]) -> None:
        """Just a status."""
        self.send_response(code)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def serve(self) -> None:
        """Let git answer."""
        asked = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b"".join(iter(self.chunk, b""))
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.door.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "REQUEST_METHOD": self.command,
            "PATH_INFO": asked.path.removeprefix("/git"),
            "QUERY_STRING": asked.query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
        }
        done = subprocess.run(["git", "http-backend"], input=body, env=environment, capture_output=True, check=False)
        head, _, answer = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.send_response(int(fields.pop("Status", "200 OK").split()[0]))
        for name, value in fields.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer)

    def chunk(self) -> bytes:
        """One chunk of a chunked body."""
        size = int(self.rfile.readline(), 16)
        chunk = self.rfile.read(size)
        self.rfile.readline()
        return chunk
