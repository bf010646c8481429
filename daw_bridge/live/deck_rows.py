"""The decks in the terminal: a row for each that holds something."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions
from rich.table import Table
from rich.text import Text

from daw_bridge.audio.deck import Deck
from daw_bridge.audio.level import SILENCE_DB
from daw_bridge.clock.clock import Clock
from daw_bridge.live.state import DeckState, NextClip
from daw_bridge.live.takes import TakeFacts

_WIDE = 100
"""Columns; a terminal of fewer is narrow."""
_WIDTH, _NARROW = 16, 8
"""Columns of a playhead."""
_LEFT_OUT = ("bars", "seed")
_UNNAMED = ("number", "state", "head")
_TEXTS = ("number", "state", "prompt", "head", "next")
_POOR_SEAM = 1.5
_COLOURS = {
    "empty": "dim",
    "rendering": "yellow",
    "cued": "green",
    "playing": "bold green",
    "fading": "red",
    "stopped": "dim",
}
"""As the lights of controllers have them."""


@dataclass(frozen=True, slots=True)
class DeckTable:
    """All decks that hold something, and the one that is typed to.

    Attributes:
        states: of the decks.
        chosen: index of the one that is typed to.
        clock: says where the playheads are.
        decks: what sounds.
    """

    states: Sequence[DeckState]
    chosen: int
    clock: Clock
    decks: Sequence[Deck]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Table]:
        """A table as wide as there is room; a narrow terminal gets what matters most."""
        is_narrow = options.max_width < _WIDE
        rows = [
            _cells(state, self.clock, deck, index == self.chosen, _NARROW if is_narrow else _WIDTH)
            for index, (state, deck) in enumerate(zip(self.states, self.decks, strict=True))
            if state.doing != "empty" or index == self.chosen or state.next_clip is not None
        ]
        table = Table(box=None, expand=True, padding=(0, 1, 0, 0), header_style="dim")
        names = [name for name in rows[0] if not (is_narrow and name in _LEFT_OUT)]
        for name in names:
            is_text = name in _TEXTS
            table.add_column(
                "" if name in _UNNAMED else name,
                ratio=1 if name == "prompt" else None,
                no_wrap=True,
                overflow="ellipsis",
                justify="left" if is_text else "right",
            )
        for row in rows:
            table.add_row(*(row[name] for name in names))
        yield table


def meter(fraction: float, width: int) -> str:
    """How far something is, 0..1, as a line."""
    full = min(width, max(0, int(fraction * width)))
    return "━" * full + "╺" * (full < width) + "─" * (width - full - 1)


def _cells(
    state: DeckState, clock: Clock, deck: Deck, is_chosen: bool, meter_width: int
) -> dict[str, Text]:
    take, loop, origin = state.history.current, deck.playing, deck.origin_beat
    head, bars = "", ""
    if loop is not None and origin is not None:
        fraction = ((clock.now().beat - float(origin)) / float(loop.beats)) % 1.0
        head = meter(fraction, meter_width)
        bars = f"{float(loop.beats / clock.meter.beats_per_bar):g}"
    name = state.prompt if loop is None else loop.name
    facts = TakeFacts() if take is None else take.facts
    return {
        "number": Text(
            f"{'›' if is_chosen else ' '}{state.number}", "bold cyan" if is_chosen else "bold"
        ),
        "state": Text(state.doing, _COLOURS.get(state.doing, "")),
        "prompt": Text(name or "-", "" if loop is None else "bold"),
        "bars": Text(bars, "dim"),
        "head": Text(head, "green"),
        "level": _level(state),
        "next": _next(state.next_clip),
        "seed": Text("" if take is None else str(take.seed), "dim"),
        "BPM": _measured(facts.bpm_measured),
        "seam": Text(
            f"{facts.seam:.2f}" if facts.lufs else "",
            "yellow" if facts.seam > _POOR_SEAM else "dim",
        ),
        "LUFS": _measured(facts.lufs),
    }


def _level(state: DeckState) -> Text:
    if state.mute or state.solo:
        return Text("mute" if state.mute else "solo", "red" if state.mute else "blue")
    return Text("-inf" if state.level_db <= SILENCE_DB else f"{state.level_db:+.1f}", "dim")


def _next(clip: NextClip | None) -> Text:
    if clip is None:
        return Text()
    if clip.cued_bar:
        return Text(f"◆ bar {clip.cued_bar}", "yellow")
    return Text("ready", "cyan") if clip.held else Text(f"… {clip.fraction:.0%}", "cyan")


def _measured(value: float) -> Text:
    return Text(f"{value:.1f}" if value else "", "dim")
