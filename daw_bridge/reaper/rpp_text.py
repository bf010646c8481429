"""Reaper's project file as lines of bytes, of which none is changed: only new ones come between."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from daw_bridge.reaper.rpp_map import RppMap, read_points
from osc_server.contract.errors import BadRequest

_START = b"<REAPER_PROJECT"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the file.

    Attributes:
        index: which one, from 0.
        path: the names of the blocks that it lies in, the outermost first; a line that opens a
            block lies in it, as does the one that closes it.
        words: its words without quotes.
        opens: whether it opens a block.
        closes: whether it closes one.
    """

    index: int
    path: tuple[str, ...]
    words: tuple[str, ...]
    opens: bool = False
    closes: bool = False


class RppText:
    """The text of a project.

    Args:
        content: the whole file.

    Raises:
        BadRequest: where it is no Reaper project, or not whole.
    """

    def __init__(self, content: bytes) -> None:
        self._raw = content.splitlines(keepends=True)
        self.newline = b"\r\n" if self._raw and self._raw[0].endswith(b"\r\n") else b"\n"
        self.lines = list(self._read())
        if not content.startswith(_START) or not any(
            line.closes and len(line.path) == 1 for line in self.lines
        ):
            raise BadRequest("that is no whole Reaper project: save it in Reaper once more")

    def _read(self) -> Iterator[Line]:
        path: list[str] = []
        for index, raw in enumerate(self._raw):
            text = raw.decode("utf-8", "replace").strip()
            opens, closes = text.startswith("<"), text == ">"
            words = _words(text.lstrip("<")) if len(path) < 4 or opens else ()
            if opens:
                path.append(words[0] if words else "")
            yield Line(index, tuple(path), words, opens, closes)
            if closes and path:
                path.pop()

    def in_project(self, name: str) -> list[Line]:
        """Lines of this name right in the project."""
        return [
            line
            for line in self.lines
            if len(line.path) == 1 and not line.opens and line.words[:1] == (name,)
        ]

    def map(self) -> RppMap:
        """Its tempo map."""
        tempo = self.in_project("TEMPO")
        points = [
            line.words
            for line in self.lines
            if line.path[1:] == ("TEMPOENVEX",) and line.words[:1] == ("PT",)
        ]
        try:
            words = tempo[0].words if tempo else ("TEMPO", "120", "4", "4")
            return RppMap(read_points(words, points))
        except (ValueError, IndexError) as error:
            raise BadRequest(f"the project's tempo map cannot be read: {error}") from error

    def rate_hz(self) -> int | None:
        """The project's own sample rate; None where it follows the sound device."""
        for line in self.in_project("SAMPLERATE"):
            if len(line.words) > 2 and line.words[2] == "1":
                return int(line.words[1])
        return None

    def media_folder(self) -> str:
        """Where it keeps its media, under its own folder."""
        for line in self.in_project("RECORD_PATH"):
            return line.words[1] if len(line.words) > 1 else ""
        return ""

    def tracks(self) -> list[tuple[str, list[Line]]]:
        """Its tracks: each one's name and its lines, that which closes it the last."""
        found: list[tuple[str, list[Line]]] = []
        for line in self.lines:
            if line.path[1:2] != ("TRACK",):
                continue
            if line.opens and len(line.path) == 2:
                found.append(("", []))
            name, lines = found[-1]
            if len(line.path) == 2 and line.words[:1] == ("NAME",):
                name = line.words[1] if len(line.words) > 1 else ""
            found[-1] = (name, [*lines, line])
        return found

    def end(self) -> int:
        """The index of the line that closes the project."""
        return next(line.index for line in self.lines if line.closes and len(line.path) == 1)

    def with_lines(self, new: Sequence[tuple[int, Sequence[str]]]) -> bytes:
        """The file with lines before others of these indices; everything else byte for byte."""
        raw = list(self._raw)
        for index, lines in sorted(new, key=lambda each: each[0], reverse=True):
            raw[index:index] = [line.encode() + self.newline for line in lines]
        return b"".join(raw)


def quoted(text: str) -> str:
    """A word as Reaper writes it: in the first kind of quotes that it does not hold itself."""
    text = " ".join(text.split())
    for quote in ('"', "'", "`"):
        if quote not in text:
            return f"{quote}{text}{quote}"
    return f"`{text.replace('`', chr(39))}`"


def _words(text: str) -> tuple[str, ...]:
    """Words, quoted by one of three kinds of quotes."""
    lexer = shlex.shlex(text, posix=True)
    lexer.whitespace_split, lexer.commenters, lexer.escape = True, "", ""
    lexer.quotes = "\"'`"
    try:
        return tuple(lexer)
    except ValueError:  # a quote that is not closed: base64, or somebody's notes
        return tuple(text.split())
