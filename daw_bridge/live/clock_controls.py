"""What stands behind ``/magnet/clock/…``: words to the clock, and what it tells."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

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

    def say(word: str) -> Callable[[int, Any], None]:
        return lambda _, value: words.take(word, [] if value is None else [value], seconds())

    def song_beat() -> int:
        return math.floor(clock.now().beat - float(clock.grid.beat_of(0)))

    return {
        "/magnet/clock/bpm": Control(lambda _: state.bpm, say("bpm")),
        "/magnet/clock/meter": Control(lambda _: str(state.meter), say("meter")),
        "/magnet/clock/source": Control(lambda _: clock.wanted, say("source")),
        "/magnet/clock/offset": Control(lambda _: 1000 * clock.offset_seconds, say("offset")),
        "/magnet/clock/beat": Control(lambda _: song_beat(), say("beat")),
        "/magnet/clock/position": Control(lambda _: words.position, say("position")),
        "/magnet/clock/play": Control(lambda _: clock.playing, say("play")),
        "/magnet/clock/stop": Control(lambda _: not clock.playing, say("stop")),
        "/magnet/clock/tap": Control(lambda _: clock.source == "tap", say("tap")),
        "/magnet/clock/playing": Control(lambda _: clock.playing),
        "/magnet/clock/bar": Control(lambda _: clock.now().bar + 1),
        "/magnet/clock/leader": Control(lambda _: clock.source),
        "/magnet/clock/description": Control(lambda _: clock.description),
    }
