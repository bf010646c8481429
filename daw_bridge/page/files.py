"""The page's files, read once: nothing of the disk is touched while music plays."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

_TYPES = {
    "html": "text/html",
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file.

    Attributes:
        content: its bytes.
        type: its media type.
    """

    content: bytes
    type: str


def page_files() -> dict[str, PageFile]:
    """Every file of the page, by name."""
    return {
        path.name: PageFile(path.read_bytes(), _TYPES[path.name.rpartition(".")[2]])
        for path in sorted((files("daw_bridge.page") / "static").iterdir(), key=lambda p: p.name)
        if path.name.rpartition(".")[2] in _TYPES
    }


def version_of(page: Mapping[str, PageFile]) -> str:
    """A short text that differs where any file does."""
    digest = hashlib.sha256()
    for name, file in page.items():
        digest.update(name.encode() + b"\0" + file.content)
    return digest.hexdigest()[:12]
