"""Changing a few places of an XML file and leaving every other byte as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

_TAG = re.compile(rb"""<[^\s/>]+(?:\s+[^\s=]+\s*=\s*(?:"[^"]*"|'[^']*'))*\s*(/?)>""")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an element lies in a file.

    Attributes:
        path: the names from the root to it, with slashes.
        attributes: its attributes.
        begin: the byte where its opening tag begins.
        end: the byte where its closing tag begins, if it has one.
    """

    path: str
    attributes: Mapping[str, str]
    begin: int
    end: int


class XmlEdit:
    """A file, the places in it, and what is to be changed there.

    Args:
        content: the file.
        depth: how deep elements are looked at; the root is 1.
    """

    def __init__(self, content: bytes, depth: int) -> None:
        self._content = content
        self._changes: list[tuple[int, int, bytes]] = []
        self._appended: dict[int, list[str]] = {}  # by the byte where an element begins
        self.places = _places(content, depth)

    def find(self, path: str, **attributes: str) -> Place | None:
        """The first element of this path that has these attributes."""
        for place in self.places:
            if place.path == path and attributes.items() <= place.attributes.items():
                return place
        return None

    def append(self, place: Place, xml: str) -> None:
        """Put XML at the end of an element's content."""
        self._appended.setdefault(place.begin, []).append(xml)

    def set(self, place: Place, name: str, value: str) -> None:
        """Change an attribute that an element has."""
        tag = self._tag(place)
        found = re.search(rf"\s{re.escape(name)}\s*=\s*(\"[^\"]*\"|'[^']*')".encode(), tag[0])
        if found is None:
            raise KeyError(f"{place.path} has no {name}")
        begin, end = found.span(1)
        self._changes.append((tag.start() + begin, tag.start() + end, quoteattr(value).encode()))

    def result(self) -> bytes:
        """The file with all changes made."""
        content = self._content
        changes = [*self._changes, *(self._growth(place) for place in self.places)]
        for begin, end, new in sorted(
            (change for change in changes if change is not None), reverse=True
        ):
            content = content[:begin] + new + content[end:]
        return content

    def _growth(self, place: Place) -> tuple[int, int, bytes] | None:
        if place.begin not in self._appended:
            return None
        tag, xml = self._tag(place), "".join(self._appended[place.begin])
        if not tag[1]:
            return place.end, place.end, xml.encode()
        name = place.path.rpartition("/")[2]
        return tag.start(1), tag.end(), f">{xml}</{name}>".encode()

    def _tag(self, place: Place) -> re.Match[bytes]:
        tag = _TAG.match(self._content, place.begin)
        if tag is None:
            raise ValueError(f"no tag at byte {place.begin}")
        return tag


def _places(content: bytes, depth: int) -> list[Place]:
    found: list[Place] = []
    names: list[str] = []
    opened: list[tuple[str, dict[str, str], int]] = []
    parser = expat.ParserCreate()

    def begin(name: str, attributes: dict[str, str]) -> None:
        names.append(name)
        if len(names) <= depth:
            opened.append(("/".join(names), attributes, parser.CurrentByteIndex))

    def end(name: str) -> None:
        if len(names) <= depth:
            path, attributes, start = opened.pop()
            found.append(Place(path, attributes, start, parser.CurrentByteIndex))
        names.pop()

    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    parser.Parse(content, True)
    return found
