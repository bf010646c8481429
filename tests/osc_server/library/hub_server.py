"""A model hub on loopback: the two questions that a fetch asks, and everything that goes wrong."""

from __future__ import annotations

import hashlib
import json
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SMALL_BYTES = 1000
"""Files below are published with their git id, larger ones with their SHA-256, as on the hub."""


class HubServer:
    """Repositories in memory.

    Attributes:
        files: content by (repository, name).
        requests: (path, Range header or "") of all that was asked.
        cut_after: bytes after which every answer of a file breaks off; None = whole.
        refusals: how many of the next requests are answered 503.
        ignores_ranges: sends files from their beginning whatever was asked.
        spoilt: names of files of which every byte is wrong.
        gate: cleared, files stop in their middle until it is set.
    """

    def __init__(self) -> None:
        self.files: dict[tuple[str, str], bytes] = {}
        self.licences: dict[str, str] = {}
        self.requests: list[tuple[str, str]] = []
        self.cut_after: int | None = None
        self.refusals = 0
        self.ignores_ranges = False
        self.spoilt: set[str] = set()
        self.gate = threading.Event()
        self.gate.set()
        self.url = ""

    def publish(self, repository: str, files: dict[str, bytes], licence: str = "") -> None:
        for name, content in files.items():
            self.files[repository, name] = content
        self.licences[repository] = licence

    @property
    def ranges(self) -> list[str]:
        return [asked for path, asked in self.requests if "/resolve/" in path and asked]

    def describe(self, repository: str) -> bytes | None:
        siblings = [
            {"rfilename": name, "size": len(content), **_checksum(content)}
            for (owner, name), content in self.files.items()
            if owner == repository
        ]
        card = {"license": self.licences.get(repository, "")}
        if not siblings:
            return None
        return json.dumps({"sha": "r1", "cardData": card, "siblings": siblings}).encode()

    def file(self, path: str) -> bytes | None:
        repository, _, place = path.strip("/").partition("/resolve/")
        name = place.partition("/")[2]
        content = self.files.get((repository, name))
        if content is not None and name in self.spoilt:
            return bytes(byte ^ 0xFF for byte in content)
        return content


def _checksum(content: bytes) -> dict[str, object]:
    if len(content) >= SMALL_BYTES:
        sha256 = hashlib.sha256(content).hexdigest()
        return {"blobId": "of the pointer", "lfs": {"sha256": sha256, "size": len(content)}}
    return {"blobId": hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()}


class _Handler(BaseHTTPRequestHandler):
    hub: HubServer

    def do_GET(self) -> None:
        url = urllib.parse.urlsplit(self.path)
        path = urllib.parse.unquote(url.path)
        self.hub.requests.append((path, self.headers.get("Range", "")))
        if self.hub.refusals > 0:
            self.hub.refusals -= 1
            self.send_error(503)
        elif path.startswith("/api/models/"):
            self._answer(self.hub.describe(path.removeprefix("/api/models/")))
        elif path.startswith("/elsewhere"):  # as the hub does with large files
            self._send_file(self.hub.file(path.removeprefix("/elsewhere")))
        else:
            self.send_response(302)
            self.send_header("Location", f"{self.hub.url}/elsewhere{urllib.parse.quote(path)}")
            self.end_headers()

    def _answer(self, content: bytes | None) -> None:
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _send_file(self, content: bytes | None) -> None:
        if content is None:
            self.send_error(404)
            return
        asked = self.headers.get("Range", "")
        start = 0
        if asked and not self.hub.ignores_ranges:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        rest = content[start:]
        if self.hub.cut_after is not None and len(rest) > self.hub.cut_after:
            self.wfile.write(rest[: self.hub.cut_after])
            self.wfile.flush()
            self.connection.close()
            return
        half = len(rest) // 2
        self.wfile.write(rest[:half])
        self.wfile.flush()
        self.hub.gate.wait(30)
        self.wfile.write(rest[half:])

    def log_message(self, *_: object) -> None:
        pass


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that hangs up in the middle is what is tested."""


@contextmanager
def hub_server() -> Iterator[HubServer]:
    hub = HubServer()
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = _QuietServer(("127.0.0.1", 0), handler)
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub
    finally:
        hub.gate.set()
        server.shutdown()
        server.server_close()
        thread.join()
