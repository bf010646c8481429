"""What the terminal shows in a live set."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel as Frame
from rich.table import Table
from rich.text import Text

from daw_bridge.audio.deck import Deck
from daw_bridge.audio.output import AudioOutput
from daw_bridge.clock.clock import LiveClock
from daw_bridge.live.deck_rows import DeckTable, meter
from daw_bridge.live.state import LiveState, NextClip

_BAR_WIDTH = 32


class Screen(Protocol):
    """Shows a live set; ``show`` is called about ten times a second."""

    def __enter__(self) -> Screen: ...

    def __exit__(self, *exc: object) -> None: ...

    def show(self) -> None:
        """Show how things stand now."""
        ...


class TerminalScreen:
    """A panel that is drawn over itself, for a real terminal."""

    def __init__(
        self,
        state: LiveState,
        clock: LiveClock,
        decks: Sequence[Deck],
        output: AudioOutput,
        console: Console,
    ) -> None:
        self._view = (state, clock, decks, output)
        self._live = Live(console=console, auto_refresh=False)

    def __enter__(self) -> TerminalScreen:
        self._live.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._live.stop()

    def show(self) -> None:
        """Draw the panel anew."""
        self._live.update(live_panel(*self._view), refresh=True)


class PlainScreen:
    """A line whenever something changes, for a pipe or a log."""

    def __init__(
        self,
        state: LiveState,
        clock: LiveClock,
        decks: Sequence[Deck],
        output: AudioOutput,
        console: Console,
    ) -> None:
        self._state, self._clock, self._decks, self._output = state, clock, decks, output
        self._console = console
        self._last: dict[str, str] = {}
        self._n_said = 0

    def __enter__(self) -> PlainScreen:
        return self

    def __exit__(self, *exc: object) -> None:
        self.show()

    def show(self) -> None:
        """Print what is new."""
        playing = self._decks[self._state.chosen].playing
        self._say("sound", self._output.fault or self._output.description)
        self._say("server", self._state.server)
        self._say("page", self._state.page)
        self._say("clock", self._clock.description)
        for sentence in self._state.said_since(self._n_said):
            self._say("message", sentence)
        self._n_said = self._state.n_said
        self._say("playing", playing.name if playing is not None else "")
        self._say("underruns", _underruns(self._output) if self._output.underruns else "")
        if (following := self._state.deck.next_clip) is not None:
            self._say("next", _plain_next(following))

    def _say(self, what: str, text: str) -> None:
        if text and self._last.get(what) != text:
            self._last[what] = text
            moment = self._clock.now()
            place = f"{moment.bar + 1:4d}.{math.floor(moment.phase) + 1}"
            self._console.print(f"{place}  {what:9s} {text}", markup=False, highlight=False)


def live_panel(
    state: LiveState, clock: LiveClock, decks: Sequence[Deck], output: AudioOutput
) -> RenderableType:
    """The whole picture, for one instant."""
    rows = Group(
        _time_row(state, clock),
        Text(),
        DeckTable(state.decks, state.chosen, clock, decks),
        _next_row(state, decks[state.chosen]),
        Text(),
        _machine_row(state, output),
        Text(state.message, style="yellow", overflow="fold"),
        Text.assemble(("› ", "bold cyan"), state.typed, ("▏", "blink cyan")),
    )
    return Frame(rows, title="[bold]MAGNeT live", subtitle="[dim]/help", border_style="cyan")


def _time_row(state: LiveState, clock: LiveClock) -> Table:
    moment = clock.now()
    beats_per_bar = math.ceil(clock.meter.beats_per_bar)
    beat = math.floor(moment.phase)
    lamps = Text()
    for index in range(beats_per_bar):
        lit = "bold red" if index == 0 else "bold green"
        lamps.append("● " if index == beat else "○ ", lit if index == beat else "dim")
    tempo = f"{clock.bpm:g} BPM"
    if state.bpm != clock.bpm:
        tempo += f" → {state.bpm:g}"
    row = Table.grid(expand=True)
    for justify in ("left", "center", "right"):
        row.add_column(justify=justify, ratio=1)
    row.add_row(
        Text.assemble((tempo, "bold"), "  ", _leader(clock)),
        Text(f"bar {moment.bar + 1} · beat {beat + 1}", "bold"),
        lamps,
    )
    return row


def _leader(clock: LiveClock) -> Text:
    """Who leads, and whether they play."""
    if not clock.playing:
        return Text(f"■ {clock.description}", "red")
    return Text(f"▶ {clock.description}", "dim" if clock.source == "internal" else "cyan")


def _next_row(state: LiveState, deck: Deck) -> Text:
    """What comes next on the deck that is typed to."""
    following = state.deck.next_clip
    if following is None:
        wanted = "nothing plays yet: type what you want to hear, and Enter"
        return Text("" if deck.playing is not None else wanted, "dim")
    if following.cued_bar:
        return Text.assemble(
            ("◆ ", "yellow"), following.prompt, (f"  from bar {following.cued_bar}", "bold yellow")
        )
    eta = f"  {following.eta_seconds:.1f} s" if following.eta_seconds > 0 else ""
    return Text.assemble(
        ("… ", "cyan"),
        following.prompt,
        "  ",
        (meter(following.fraction, _BAR_WIDTH), "cyan"),
        (eta, "dim"),
    )


def _machine_row(state: LiveState, output: AudioOutput) -> Text:
    underruns = output.underruns
    return Text.assemble(
        (output.fault or output.description, "red" if output.fault else "dim"),
        ("  ·  underruns ", "dim"),
        (_underruns(output), "bold red" if underruns else "dim"),
        (f"  ·  RTF {state.rtf:.2f}" if state.rtf else "", "yellow" if state.rtf > 1 else "dim"),
        ("  ·  server: ", "dim"),
        (state.server, "dim"),
        (f"  ·  page: {state.page}" if state.page else "", "dim"),
    )


def _underruns(output: AudioOutput) -> str:
    """How many, and how many of them are our own."""
    return f"{output.underruns} ({output.late_blocks} ours)" if output.underruns else "0"


def _plain_next(following: NextClip) -> str:
    if following.cued_bar:
        return f"{following.prompt!r} from bar {following.cued_bar}"
    return f"making {following.prompt!r}"
