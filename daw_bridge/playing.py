"""Play one clip and come back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from fractions import Fraction

from daw_bridge.audio.deck import Cue, Deck
from daw_bridge.audio.loop import Loop
from daw_bridge.audio.output import AudioOutput
from daw_bridge.clock.internal_clock import InternalClock
from osc_server.contract.errors import DeviceUnavailable
from osc_server.contract.musical_time import Meter

_LOOK_SECONDS = 0.02


async def play(loop: Loop, output: AudioOutput, rounds: int, level_db: float = 0.0) -> None:
    """Play whole rounds of a loop through an output, seam and all.

    Args:
        loop: audio at the output's rate and channels.
        output: not started yet; it is stopped at the end.
        rounds: how often the loop is heard.
        level_db: how loud.

    Raises:
        DeviceUnavailable: where the device stops in between.
    """
    clock = InternalClock(output.rate_hz, loop.bpm, Meter(), output.heard_sample)
    deck = Deck(clock, output.rate_hz, output.block_size, output.n_channels, level_db)
    deck.cue(Cue(loop, Fraction(0), loop.beats))
    output.start(deck)
    try:
        await _until(lambda: deck.playing is loop, output)
        deck.cue(Cue(None, rounds * loop.beats, loop.beats))
        end = clock.sample_at(rounds * loop.beats)
        await _until(lambda: output.heard_sample() >= end, output)
    finally:
        output.stop()


async def _until(reached: Callable[[], bool], output: AudioOutput) -> None:
    while not reached():
        if output.fault:
            raise DeviceUnavailable(output.fault)
        await asyncio.sleep(_LOOK_SECONDS)
