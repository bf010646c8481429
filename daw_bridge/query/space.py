"""The address space of a live set as OSCQuery has it, and its answers to questions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus

from daw_bridge.query.nodes import Node, node_of
from osc_server.contract.addresses import FADERS, Fader
from osc_server.contract.faders import split_index
from osc_server.contract.packets import OscValue

SCENES_SHOWN = 8
"""Scenes that a surface shows, stored or not; more where more are stored."""
OPTIONAL = ("ACCESS", "VALUE", "RANGE", "DESCRIPTION", "TAGS", "CLIPMODE", "UNIT")
"""The proposal's optional attributes that nodes here have."""
_REQUIRED = ("FULL_PATH", "CONTENTS", "TYPE")
_NOT_HERE = ("EXTENDED_TYPE", "CRITICAL", "OVERLOADS", "HTML")
"""Attributes of the proposal that nodes here do not have."""
_CONTAINERS = {
    "/": "magnet-bridge: loops from words, in time",
    "/magnet": "A live set: decks, scenes, clock and mix.",
    "/magnet/deck": "The decks: each plays a loop of its own and makes the next one.",
    "/magnet/deck/N": "One deck.",
    "/magnet/clock": "Tempo, and the grid on which decks begin and stop.",
    "/magnet/scene": "Scenes: which decks play, and which take of each.",
    "/magnet/scene/N": "One scene.",
    "/magnet/mix": "All decks together.",
    "/magnet/input": "What is played into the sound device.",
    "/magnet/live": "What the set has to say.",
    "/magnet/session": "The file that the set is kept in.",
    "/magnet/midi": "Controllers.",
}


@dataclass(slots=True)
class _Place:
    """A point of the tree: what is below it, and the row that it is, if it is one."""

    below: dict[str, _Place] = field(default_factory=dict)
    row: tuple[Fader, int] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question gets.

    Attributes:
        status: as HTTP has it.
        body: the JSON object; None with a status that has none.
    """

    status: HTTPStatus
    body: Node | None = None


class AddressSpace:
    """Every address of the fader table, decks and scenes counted out.

    Args:
        read: what a row holds at an index.
        n_decks: how many decks there are.
        last_scene: number of the last scene that is stored; 0 where none is.
    """

    def __init__(
        self,
        read: Callable[[Fader, int], OscValue],
        n_decks: int,
        last_scene: Callable[[], int] = lambda: 0,
    ) -> None:
        self._read = read
        self._n_decks = n_decks
        self._last_scene = last_scene
        self._drawn: tuple[int, _Place] = (0, _Place())  # for how many scenes, and the tree

    @property
    def n_scenes(self) -> int:
        """How many scenes there are to see."""
        return max(SCENES_SHOWN, self._last_scene())

    def has(self, address: str) -> bool:
        """Whether an address is one that holds a value."""
        place = self._find(address)
        return place is not None and place.row is not None

    def ask(self, path: str, attribute: str = "") -> Answer:
        """Answer a question.

        Args:
            path: such as ``/magnet/deck/1/level``, or of a container.
            attribute: one of the proposal's; empty = all of it, and of all that is below.
        """
        if attribute in _NOT_HERE:
            return Answer(HTTPStatus.NO_CONTENT)
        if attribute and attribute not in (*_REQUIRED, *OPTIONAL):
            return Answer(HTTPStatus.BAD_REQUEST)
        path = "/" + path.strip("/")
        place = self._find(path)
        if place is None:
            return Answer(HTTPStatus.NOT_FOUND)
        if attribute == "VALUE" and place.row is None:
            return Answer(HTTPStatus.NO_CONTENT)
        node = self._describe(path, place, deep=attribute in ("", "CONTENTS"))
        if attribute:
            node = {name: value for name, value in node.items() if name == attribute}
        return Answer(HTTPStatus.OK, node)

    def _describe(self, path: str, place: _Place, *, deep: bool) -> Node:
        if place.row is not None:
            return node_of(*place.row, self._read(*place.row))
        below: Node = {}
        if deep:
            for name, one in place.below.items():
                below[name] = self._describe(f"{path.rstrip('/')}/{name}", one, deep=True)
        pattern, number = split_index(path + "/")
        words = _CONTAINERS.get(pattern.rstrip("/") or "/", path.rpartition("/")[2])
        if number:
            words = words.replace("One deck", f"Deck {number}")
            words = words.replace("One scene", f"Scene {number}")
        return {"FULL_PATH": path, "DESCRIPTION": words, "ACCESS": 0, "CONTENTS": below}

    def _find(self, path: str) -> _Place | None:
        place: _Place | None = self._tree()
        for name in filter(None, path.split("/")):
            place = place.below.get(name) if place is not None else None
        return place

    def _tree(self) -> _Place:
        if self._drawn[0] == self.n_scenes:
            return self._drawn[1]
        root = _Place()
        for fader, index in self._rows():
            place = root
            for name in fader.at(index).strip("/").split("/"):
                place = place.below.setdefault(name, _Place())
            place.row = (fader, index)
        self._drawn = (self.n_scenes, root)
        return root

    def _rows(self) -> Iterator[tuple[Fader, int]]:
        for fader in FADERS:
            counts = {"/magnet/deck/N": self._n_decks, "/magnet/scene/N": self.n_scenes}
            n_indices = counts.get(fader.address.rpartition("/")[0])
            for index in range(1, 1 + n_indices) if n_indices is not None else (0,):
                yield fader, index
