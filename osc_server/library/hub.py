"""The hub that models are published on: what a repository holds, and its files, whole and checked.

A file that was cut short goes on where it stopped (HTTP Range), is compared with its published
SHA-256, and takes its place only then. huggingface_hub, which could do the download, neither
compares that checksum nor stops when it is told to.
"""

from __future__ import annotations

import hashlib
import http.client
import importlib.util
import json
import re
import ssl
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from osc_server.contract.errors import Cancelled, ModelUnavailable, StorageFailed

OnBytes = Callable[[int], None]
"""Told how many bytes of the file are here."""
_TIMEOUT_SECONDS = 30.0
_ATTEMPTS = 5
"""In a row without a single new byte."""
_FIRST_PAUSE_SECONDS = 0.5
_BLOCK_BYTES = 1 << 18
_MAX_ANSWER_BYTES = 16 << 20
_SAFE_NAME = re.compile(r"[\w][\w.-]*")
_BROKEN = (
    urllib.error.URLError,
    http.client.HTTPException,
    TimeoutError,
    ConnectionError,
    ssl.SSLError,
)


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file of a repository.

    Attributes:
        name: in the repository's top folder.
        size_bytes: of it.
        sha256: its checksum, where it is a large file; else empty.
        blob: its git id, where it is a small one; else empty.
    """

    name: str
    size_bytes: int
    sha256: str = ""
    blob: str = ""


@dataclass(frozen=True, slots=True)
class Repository:
    """What a repository holds at one revision."""

    name: str
    revision: str
    licence: str
    files: dict[str, HubFile]


class Hub:
    """One hub. Everything blocks: call it from a thread, and stop it by its event."""

    def __init__(self, url: str, user_agent: str) -> None:
        """Ask for nothing yet.

        Args:
            url: such as ``https://huggingface.co``.
            user_agent: what we call ourselves there.
        """
        self._url = url.rstrip("/")
        self._user_agent = user_agent

    def describe(self, repository: str, stop: threading.Event) -> Repository:
        """What a repository holds now.

        Raises:
            ModelUnavailable: no such repository, or no way to the hub.
            Cancelled: where ``stop`` was set.
        """
        url = f"{self._url}/api/models/{urllib.parse.quote(repository)}?blobs=true"

        def ask() -> bytes:
            with self._open(url, 0) as answer:
                return bytes(answer.read(_MAX_ANSWER_BYTES))

        answer = self._insist(ask, repository, stop)
        try:
            return _read_repository(repository, json.loads(answer))
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise ModelUnavailable(
                f"{self._url} does not answer as a model hub: check HF_ENDPOINT or --hub"
            ) from error

    def download(
        self,
        repository: Repository,
        file: HubFile,
        target: Path,
        on_bytes: OnBytes,
        stop: threading.Event,
    ) -> None:
        """Bring a file to ``target``, whole or not at all; goes on where an earlier try stopped.

        Args:
            repository: that holds it.
            file: which one.
            target: where it goes; beside it lies what is not complete yet.
            on_bytes: told of every block.
            stop: set it to stop; what is here stays for the next time.

        Raises:
            ModelUnavailable: no way to the hub, or not what was published.
            StorageFailed: the disk is full.
            Cancelled: where ``stop`` was set.
        """
        place = "/".join(urllib.parse.quote(part) for part in (repository.revision, file.name))
        url = f"{self._url}/{urllib.parse.quote(repository.name)}/resolve/{place}"
        mark = (file.sha256 or file.blob or repository.revision)[:16]
        partial = target.with_name(f"{file.name}.{mark}.partial")
        for _ in range(2):
            while _size_of(partial) != file.size_bytes:

                def append() -> None:
                    self._append(url, file, partial, on_bytes, stop)

                self._insist(append, repository.name, stop, progress=lambda: _size_of(partial))
            on_bytes(file.size_bytes)
            if _is_as_published(partial, file):
                partial.replace(target)
                return
            partial.unlink()
        raise ModelUnavailable(
            f"{file.name} of {repository.name} came twice with the wrong checksum: try again "
            "later, or from another network"
        )

    def _append(
        self, url: str, file: HubFile, partial: Path, on_bytes: OnBytes, stop: threading.Event
    ) -> None:
        """Read on from what is here, until the connection ends."""
        here = max(0, _size_of(partial))
        if here > file.size_bytes:
            partial.unlink()
            here = 0
        if not file.size_bytes:
            partial.touch()
            return
        with self._open(url, here) as answer:
            goes_on = here > 0 and answer.status == http.HTTPStatus.PARTIAL_CONTENT
            here = here if goes_on else 0
            try:
                with partial.open("ab" if goes_on else "wb") as out:
                    while here < file.size_bytes:
                        block = answer.read(min(_BLOCK_BYTES, file.size_bytes - here))
                        if not block:
                            raise http.client.IncompleteRead(b"", file.size_bytes - here)
                        out.write(block)
                        here += len(block)
                        on_bytes(here)
                        _check(stop)
            except _BROKEN:
                raise
            except OSError as error:
                raise StorageFailed(
                    f"{partial} cannot be written: {error.strerror or error}; make room, and ask "
                    "again: it goes on where it stopped"
                ) from error

    def _open(self, url: str, start: int) -> Any:  # noqa: ANN401  (an http.client.HTTPResponse)
        request = urllib.request.Request(url, headers={"User-Agent": self._user_agent})
        if start:
            request.add_header("Range", f"bytes={start}-")
        context = _tls() if url.startswith("https:") else None
        return urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS, context=context)

    def _insist(
        self,
        work: Callable[[], Any],
        repository: str,
        stop: threading.Event,
        progress: Callable[[], int] = lambda: 0,
    ) -> Any:  # noqa: ANN401
        """Do network work, again where the connection breaks, as long as it gets on."""
        failures, reached = 0, progress()
        while True:
            _check(stop)
            try:
                return work()
            except urllib.error.HTTPError as error:
                self._refuse(error, repository)
                problem: Exception = error
            except _BROKEN as error:
                problem = error
            if progress() > reached:
                failures, reached = 0, progress()
            failures += 1
            if failures >= _ATTEMPTS:
                raise ModelUnavailable(
                    f"{self._url} cannot be reached ({_reason(problem)}): check the network, and "
                    "ask again: it goes on where it stopped"
                ) from problem
            stop.wait(_FIRST_PAUSE_SECONDS * 2 ** (failures - 1))

    def _refuse(self, error: urllib.error.HTTPError, repository: str) -> None:
        """Raise where asking again is of no use."""
        with error:
            if error.code in (http.HTTPStatus.UNAUTHORIZED, http.HTTPStatus.FORBIDDEN):
                raise ModelUnavailable(
                    f"{repository} is not public, or there is none of that name: download it with "
                    "a browser and put its folder into the models folder"
                ) from error
            if error.code == http.HTTPStatus.NOT_FOUND:
                raise ModelUnavailable(f"{self._url} has no {repository}") from error
            again = (http.HTTPStatus.TOO_MANY_REQUESTS, http.HTTPStatus.REQUEST_TIMEOUT)
            if error.code < http.HTTPStatus.INTERNAL_SERVER_ERROR and error.code not in again:
                raise ModelUnavailable(f"{self._url} refuses {repository}: {error}") from error


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_repository(name: str, answer: Any) -> Repository:  # noqa: ANN401  (JSON)
    files = {}
    for entry in answer["siblings"]:
        large = entry.get("lfs") or {}
        file = HubFile(
            name=str(entry["rfilename"]),
            size_bytes=int(large.get("size", entry.get("size", -1))),
            sha256=str(large.get("sha256", "")),
            blob="" if large else str(entry.get("blobId") or ""),
        )
        if _SAFE_NAME.fullmatch(file.name) and file.size_bytes >= 0:
            files[file.name] = file
    card = answer.get("cardData") or {}
    licence = card.get("license", "")
    revision = str(answer.get("sha") or "main")
    return Repository(name, revision, licence if isinstance(licence, str) else "", files)


def _is_as_published(path: Path, file: HubFile) -> bool:
    if file.sha256:
        return sha256_of(path) == file.sha256
    if not file.blob:
        return True  # a mirror that publishes no checksums: its size is right
    content = path.read_bytes()
    named = f"blob {len(content)}\0".encode() + content
    return hashlib.sha1(named, usedforsecurity=False).hexdigest() == file.blob


def _size_of(path: Path) -> int:
    """Bytes of a file; -1 where there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _check(stop: threading.Event) -> None:
    if stop.is_set():
        raise Cancelled("the fetch was cancelled; asked again, it goes on where it stopped")


def _tls() -> ssl.SSLContext:
    """The system's certificates, and those of certifi, where python.org's macOS build has none."""
    context = ssl.create_default_context()
    if importlib.util.find_spec("certifi") is not None:
        import certifi

        context.load_verify_locations(certifi.where())
    return context


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"it answers {error.code}"
    return str(getattr(error, "reason", "") or error or type(error).__name__)
