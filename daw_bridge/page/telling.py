"""Tells the open pages what they cannot know from faders, each thing when it has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from daw_bridge.audio.loop import Loop
from daw_bridge.live.conductor import Conductor
from daw_bridge.live.live_set import LiveSet
from daw_bridge.page import view
from daw_bridge.page.beat import BeatTeller
from daw_bridge.page.peaks import Peaks, peaks_of
from daw_bridge.page.table import table_rows
from daw_bridge.page.visitor import PageVisitor
from osc_server.contract.errors import MagnetError
from osc_server.contract.fader_rows import FADERS
from osc_server.contract.packets import OscMessage

SCENES = 8
"""Scenes that a page shows."""


class PageTeller:
    """Keeps what every page was told, so that only what has changed is told.

    Args:
        live: the decks.
        receive: takes a message of a page for the panel.
        version: of the page's files; a page that is older loads itself again.
    """

    def __init__(
        self, live: LiveSet, receive: Callable[[OscMessage, PageVisitor], None], version: str
    ) -> None:
        self._live = live
        self._receive = receive
        self._version = version
        self._beat = BeatTeller()
        self._visitors: list[PageVisitor] = []
        self._told: dict[tuple[str, str], tuple[object, object]] = {}
        self._peaks: dict[int, tuple[Loop, Peaks]] = {}
        self._n_said = 0
        self._listing: asyncio.Task[None] | None = None

    def welcome(self, visitor: PageVisitor) -> None:
        """Tell a new page everything: the table first, then all that it holds."""
        if not self._visitors:
            self._n_said = self._live.state.n_said
        self._visitors.append(visitor)
        visitor.outbox.put("hello", {"version": self._version, "rows": table_rows()})
        visitor.outbox.put("set", view.set_of(self._live))
        for fader in FADERS:
            for index in self._indices(fader.address):
                self._receive(OscMessage(fader.at(index), ()), visitor)
        for (name, kind), (_, value) in self._told.items():
            visitor.outbox.put(name, value, kind)
        visitor.outbox.put("said", {"said": list(self._live.state.said)[-8:]})
        told = self._beat.told
        visitor.outbox.put("beat", {"at": told.seconds, "beat": told.beat, "bpm": told.bpm})
        self.list_server()

    def farewell(self, visitor: PageVisitor) -> None:
        """A page is gone."""
        self._visitors = [one for one in self._visitors if one is not visitor]

    async def tick(self, seconds: float) -> None:
        """Look at everything, and tell what has changed.

        Args:
            seconds: of the steady clock that pages are told.
        """
        if not self._visitors:
            return
        clock = self._live.rig.clock
        if (told := self._beat.look(seconds, clock.now().beat, clock.bpm)) is not None:
            self._tell_all("beat", {"at": told.seconds, "beat": told.beat, "bpm": told.bpm})
        self._change("set", "", view.set_of(self._live))
        self._change("machine", "", view.machine_of(self._live))
        for conductor in self._live.conductors:
            deck = conductor.state
            kind = str(deck.number)
            self._change("next", kind, view.next_of(deck))
            self._change("head", kind, view.head_of(conductor))
            mark = view.takes_mark(deck)
            if self._is_new("takes", kind, mark):
                self._change("takes", kind, view.takes_of(deck), mark)
            await self._wave(conductor, kind)
        state = self._live.state
        for sentence in state.said_since(self._n_said):
            self._tell_all("said", {"said": [sentence]}, each=True)
        self._n_said = state.n_said

    def list_server(self) -> None:
        """Ask the server, once at a time, for its presets and models."""
        if self._listing is None or self._listing.done():
            self._listing = asyncio.create_task(self._list())

    async def close(self) -> None:
        """Ask for nothing any more."""
        if self._listing is not None:
            self._listing.cancel()

    async def _list(self) -> None:
        try:
            client = await self._live.server()
            presets, models = await client.presets(), await client.models()
        except MagnetError as error:
            self._tell_all("/magnet/error", str(error), each=True)
            return
        lists = {
            "presets": [
                {"name": item.name, "doc": item.description, "prompt": item.prompt}
                for item in presets
            ],
            "models": [item.name for item in models],
        }
        self._change("lists", "", lists)

    async def _wave(self, conductor: Conductor, kind: str) -> None:
        loop = view.shown_loop(conductor)
        if not self._is_new("wave", kind, loop):
            return
        peaks = None
        if loop is not None:
            number = conductor.state.number
            held = self._peaks.get(number)
            if held is None or held[0] is not loop:
                self._peaks[number] = (loop, await asyncio.to_thread(peaks_of, loop))
            peaks = self._peaks[number][1]
        self._change("wave", kind, view.wave_of(conductor, loop, peaks), loop)

    def _is_new(self, name: str, kind: str, mark: object) -> bool:
        held = self._told.get((name, kind))
        return held is None or held[0] != mark

    def _change(self, name: str, kind: str, value: object, mark: object = None) -> None:
        """Tell a value where it, or the mark that stands for it, has changed."""
        mark = value if mark is None else mark
        if self._is_new(name, kind, mark):
            self._told[name, kind] = (mark, value)
            for visitor in self._visitors:
                visitor.outbox.put(name, value, kind)

    def _tell_all(self, name: str, value: object, *, each: bool = False) -> None:
        for visitor in self._visitors:
            if each:
                visitor.outbox.put_each(name, value)
            else:
                visitor.outbox.put(name, value)

    def _indices(self, address: str) -> range:
        if address.startswith("/magnet/deck/"):
            return range(1, len(self._live.conductors) + 1)
        return range(1, SCENES + 1) if address.startswith("/magnet/scene/") else range(1)
