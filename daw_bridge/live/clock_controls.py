"""What stands behind ``/magnet/clock/…``: words to the clock, and what it tells."""

from __future__ import annotations

import math
from collections.abc import Callable

from daw_bridge.clock.clock_words import ClockWords
from daw_bridge.live.live_set import LiveSet
from daw_bridge.live.panel import Control


def clock_controls(
    live: LiveSet, words: ClockWords, seconds: Callable[[], float]
) -> dict[str, Control]:
    """The controls by address.

    Args:
        live: whose clock.
        words: takes what is said to it.
        seconds: the monotonic clock that its sources are read by.
    """
    clock, state = live.rig.clock, live.state

    def take(word: str, value: object, sender: object) -> None:
        words.take(word, [] if value is None else [value], seconds(), sender)

    def said(read: Callable[[int], object], word: str) -> Control:
        return Control(read, write_by=lambda sender, value: take(word, value, sender))

    def song_beat() -> int:
        return math.floor(clock.now().beat - float(clock.grid.beat_of(0)))

    return {
        "/magnet/clock/bpm": said(lambda _: state.bpm, "bpm"),
        "/magnet/clock/name": said(lambda _: words.teller, "name"),
        "/magnet/clock/quantum": said(lambda _: str(live.quantum), "quantum"),
        "/magnet/clock/meter": said(lambda _: str(state.meter), "meter"),
        "/magnet/clock/source": said(lambda _: clock.wanted, "source"),
        "/magnet/clock/offset": said(lambda _: 1000 * clock.offset_seconds, "offset"),
        "/magnet/clock/beat": said(lambda _: song_beat(), "beat"),
        "/magnet/clock/position": said(lambda _: words.position, "position"),
        "/magnet/clock/play": said(lambda _: clock.playing, "play"),
        "/magnet/clock/stop": said(lambda _: not clock.playing, "stop"),
        "/magnet/clock/tap": said(lambda _: clock.source == "tap", "tap"),
        "/magnet/clock/playing": Control(lambda _: clock.playing),
        "/magnet/clock/bar": Control(lambda _: clock.now().bar + 1),
        "/magnet/clock/leader": Control(lambda _: clock.source),
        "/magnet/clock/description": Control(lambda _: clock.description),
    }
