"""Measures how much later an input is than its driver says, by sweeps through output and input."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from daw_bridge.audio.input import AudioInput
from daw_bridge.audio.loop import Block
from daw_bridge.audio.output import AudioOutput
from daw_bridge.audio.round_trip import SWEEP_SECONDS, Arrival, Sweeps, arrival, sweep
from osc_server.contract.errors import DeviceUnavailable, Late

N_SWEEPS = 5
_FIRST_SECONDS = 1.0
"""Before the first sweep: the streams settle, and their times with them."""
_EARLIER_SECONDS = 0.1
_LATEST_SECONDS = 1.0
"""A sweep is looked for from so much before the place where the driver puts it to so much after."""
_EVERY_SECONDS = _EARLIER_SECONDS + SWEEP_SECONDS + _LATEST_SECONDS
_LOOK_SECONDS = 0.02
_STILL_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class LatencyReport:
    """What was measured.

    Attributes:
        latency_ms: by how much the input is later than its driver says; the middle of all sweeps.
        spread_ms: how far the sweep that is farthest from it is off.
        n_found: how many sweeps came back, of N_SWEEPS.
        is_clipped: whether what came in was as loud as it can be.
        listening: what was listened to.
    """

    latency_ms: float
    spread_ms: float
    n_found: int
    is_clipped: bool
    listening: str


def sweeps(rate_hz: int) -> Sweeps:
    """What has to be played: N_SWEEPS of them, so far apart that each is looked for alone."""
    starts = [_FIRST_SECONDS + index * _EVERY_SECONDS for index in range(N_SWEEPS)]
    return Sweeps(sweep(rate_hz), tuple(round(seconds * rate_hz) for seconds in starts))


async def measure(
    output: AudioOutput, listening: AudioInput | None, played: Sweeps
) -> LatencyReport:
    """Find the sweeps in the input; they are played already.

    Raises:
        DeviceUnavailable: where a device stops, or nothing comes back, with what to do.
    """
    if listening is None:
        raise DeviceUnavailable("nothing is listened to: name an --input, or --inputs")
    watching = asyncio.create_task(_watch(listening))
    try:
        sounds = [await _heard(output, listening, begin) for begin in played.begins]
    finally:
        watching.cancel()
    rate_hz = output.rate_hz
    heard = [one for one in sounds if one is not None]
    found = [(arrival(block, played.signal, rate_hz), place) for block, place in heard]
    return _report(found, rate_hz, listening.description)


async def _watch(listening: AudioInput) -> None:
    loop = asyncio.get_running_loop()
    while True:
        listening.look(loop.time())
        await asyncio.sleep(1 / 30)


async def _heard(
    output: AudioOutput, listening: AudioInput, begin: int
) -> tuple[Block, int] | None:
    """What came in around a sweep, and on which of its samples the driver puts it.

    None where the driver lost some of it.
    """
    rate_hz = output.rate_hz
    await _until(lambda: output.heard_sample() >= begin, output, listening)
    place = listening.place_of(begin)
    first = max(0, place - round(_EARLIER_SECONDS * rate_hz))
    end = place + round((SWEEP_SECONDS + _LATEST_SECONDS) * rate_hz)
    await _until(lambda: listening.ring.written >= end, output, listening)
    try:
        block = listening.ring.read(first, end)
    except Late:
        return None
    return None if listening.ring.has_hole(first, end) else (block, place - first)


async def _until(reached: Callable[[], bool], output: AudioOutput, listening: AudioInput) -> None:
    loop = asyncio.get_running_loop()
    limit = loop.time() + _EVERY_SECONDS + _STILL_SECONDS
    while not reached():
        if fault := output.fault or listening.fault:
            raise DeviceUnavailable(fault)
        if loop.time() > limit:
            raise DeviceUnavailable(f"nothing comes in: {listening.description}")
        await asyncio.sleep(_LOOK_SECONDS)


def _report(found: Sequence[tuple[Arrival, int]], rate_hz: int, listening: str) -> LatencyReport:
    peak = max((one.peak for one, _ in found), default=0.0)
    clear = [one.sample - place for one, place in found if one.is_clear]
    if len(clear) <= N_SWEEPS // 2:
        level = f"{20 * np.log10(peak):.0f} dBFS at most" if peak else "silence"
        raise DeviceUnavailable(
            f"{len(clear)} of {N_SWEEPS} sweeps came back (heard: {level}): connect the output "
            "with the input, by a cable or a microphone before the speaker, and turn it up; "
            f"listened to {listening}"
        )
    late_ms = np.array(clear) / rate_hz * 1000
    middle = float(np.median(late_ms))
    spread = float(np.abs(late_ms - middle).max())
    return LatencyReport(middle, spread, len(clear), peak >= 1.0, listening)
