"""Capture: the last bars of an input become a take of a deck."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from daw_bridge.audio.input import AudioInput
from daw_bridge.audio.level import SILENCE_DB
from daw_bridge.audio.load import fit_circle
from daw_bridge.audio.loop import Block
from daw_bridge.live.bar_lines import BarLine, BarLines
from daw_bridge.live.live_set import LiveSet
from daw_bridge.live.takes import HeldTake
from osc_server.contract.errors import BadRequest, DeviceUnavailable, Late, MagnetError
from osc_server.contract.musical_time import BPM_MAX, BPM_MIN, beats_to_samples
from osc_server.contract.naming import clip_name

NO_INPUT = (
    "no input is open: start live with --inputs 1,2 (of the sound device), or with --input NAME; "
    "`magnet-bridge devices` lists them"
)
SILENT_DB = -80.0
"""A peak below this is a muted track, as the server counts it."""
_METER_SECONDS = 0.1
_LOOK_SECONDS = 0.01
_PATIENCE_SECONDS = 2.0
_SEAM_SECONDS = 0.005
_PRESS_SECONDS = 0.03  # a press so shortly before a bar line means that line
_SAME_TEMPO = 0.001  # of a tempo: what a clock that follows another trembles by


@dataclass(frozen=True, slots=True)
class Passage:
    """Whole bars that came in.

    Attributes:
        samples: ``[n_samples, n_channels]``; their seam is closed.
        beats: how long they are.
        bpm: the tempo at which that is so many samples.
        has_hole: whether the driver dropped some of it.
    """

    samples: Block
    beats: Fraction
    bpm: float
    has_hole: bool


Save = Callable[[str, Block], Path]
"""Writes samples to a WAV of this name, to which a date is added."""


class Capturing:
    """Takes the last whole bars of an input on the grid.

    Args:
        live: the decks.
        source: the input; None where none was named.
        save: writes what was captured.
    """

    def __init__(self, live: LiveSet, source: AudioInput | None, save: Save) -> None:
        self._live = live
        self._source = source
        self._save = save
        self._lines = BarLines(live.rig.clock)
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def look(self, now_seconds: float) -> None:
        """Write down the bar line that is heard; called many times a second.

        Args:
            now_seconds: of a steady clock.
        """
        if self._source is None or self._source.fault or not self._source.ring.written:
            return
        self._source.look(now_seconds)
        clock = self._live.rig.clock
        bar = clock.grid.bar_at(Fraction(clock.now().beat))
        if self._lines.get(bar) is None:
            sample = clock.sample_at(clock.grid.beat_of(bar))
            self._lines.note(bar, self._source.place_of(sample), sample)

    def level_db(self) -> int:
        """The peak of the last tenth of a second, in whole dB; -90 is silence or no input."""
        if self._source is None:
            return round(SILENCE_DB)
        ring = self._source.ring
        n_samples = round(_METER_SECONDS * self._live.rig.output.rate_hz)
        try:
            peak = _peak_db(ring.read(max(ring.oldest, ring.written - n_samples), ring.written))
        except Late:
            return round(SILENCE_DB)
        return round(max(SILENCE_DB, peak))

    def is_busy(self, number: int) -> bool:
        """Whether a deck's capture is under way."""
        task = self._tasks.get(number)
        return task is not None and not task.done()

    def capture(self, number: int) -> None:
        """The last ``capture_bars`` whole bars become a take of a deck; heard on the next beat.

        A press up to 30 ms before a bar line means that line.

        Raises:
            BadRequest: where no input is open, or so many bars have not come in yet.
            DeviceUnavailable: where the input was lost.
        """
        conductor = self._live.conductor(number)
        source = self._source
        if source is None:
            raise BadRequest(NO_INPUT)
        if source.fault:
            raise DeviceUnavailable(source.fault)
        clock = self._live.rig.clock
        ahead = _PRESS_SECONDS * clock.bpm / 60
        bar = clock.grid.bar_at(Fraction(clock.now().beat + ahead))
        wanted = conductor.state.capture_bars
        there = self._lines.before(bar)
        if there < wanted:
            raise BadRequest(
                f"only {_bars(there)} came in so far without a break, and capture_bars is "
                f"{wanted}: wait, or ask for fewer"
            )
        if self.is_busy(number):
            return
        self._tasks[number] = asyncio.create_task(self._capture(source, number, bar - wanted, bar))

    async def close(self) -> None:
        """Give up what is under way."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _capture(self, source: AudioInput, number: int, first: int, end: int) -> None:
        conductor = self._live.conductor(number)
        try:
            begins, ends = await self._there(source, first, end)
            passage = await asyncio.to_thread(self._passage, source, begins, ends)
            name = clip_name("captured", bars=end - first, bpm=passage.bpm, lane=f"deck {number}")
            path = await asyncio.to_thread(self._save, name, passage.samples)
            words = conductor.state.prompt
            take = HeldTake(str(path), path, words, passage.beats, passage.bpm, seed=0)
            await conductor.take_in(take, ends.beat)
        except MagnetError as error:
            self._live.state.message = f"deck {number} captured nothing: {error}"
            return
        hole = "; some of it is missing: the computer was too busy" if passage.has_hole else ""
        self._live.state.message = (
            f"deck {number} took the last {_bars(end - first)} of the input{hole}"
        )

    async def _there(self, source: AudioInput, first: int, end: int) -> tuple[BarLine, BarLine]:
        """The lines of the bars, once all of them has come in."""
        begins, ends = self._lines.get(first), self._lines.get(end)
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                while ends is None or source.ring.written < ends.place + 1:
                    await asyncio.sleep(_LOOK_SECONDS)
                    ends = self._lines.get(end)
        except TimeoutError:
            raise Late(source.fault or "nothing comes in any more") from None
        if begins is None:
            raise Late("the clock leapt within these bars: wait until it has settled")
        return begins, ends

    def _passage(self, source: AudioInput, begins: BarLine, ends: BarLine) -> Passage:
        """Read the bars; a thread's work.

        Raises:
            BadRequest: where they are silent.
            Late: where they are not all held.
        """
        rate_hz = self._live.rig.output.rate_hz
        beats, n_heard = ends.beat - begins.beat, ends.sample - begins.sample
        n_samples, bpm = self._length(beats, n_heard)
        n_seam = min(round(_SEAM_SECONDS * rate_hz), n_samples // 4)
        came_in = ends.place - begins.place
        # Beats that are rounded to samples one by one are a sample longer or shorter.
        came_in = n_samples if abs(came_in - n_samples) <= 1 else came_in
        first = begins.place - n_seam
        try:
            if first < source.ring.oldest:  # nothing came before
                first, n_seam = begins.place, 0
            samples = source.ring.read(first, begins.place + came_in)
        except Late:
            raise Late(
                f"{came_in / rate_hz:.3g} s are not held any more, or the input came later: "
                f"--capture-seconds says how much is held, now {source.ring.seconds(rate_hz):.3g}"
            ) from None
        if _peak_db(samples[n_seam:]) < SILENT_DB:
            raise BadRequest("it is silent: does the track play into this input?")
        audio = _close_seam(samples, n_seam)
        if came_in != n_samples:
            audio = fit_circle(audio, n_samples)
        has_hole = source.ring.has_hole(begins.place, begins.place + came_in)
        return Passage(audio, beats, bpm, has_hole)

    def _length(self, beats: Fraction, n_heard: int) -> tuple[int, float]:
        """So many samples, and the tempo that makes them: the one that holds where it held."""
        rate_hz = self._live.rig.output.rate_hz
        for bpm in (self._live.state.bpm, self._live.rig.clock.bpm):
            n_samples = beats_to_samples(beats, bpm, rate_hz)
            if abs(n_heard - n_samples) <= max(1.0, _SAME_TEMPO * n_samples):
                return n_samples, bpm
        bpm = float(beats) * 60 * rate_hz / n_heard
        if not BPM_MIN <= bpm <= BPM_MAX:
            raise BadRequest("the clock leapt within these bars: wait until it has settled")
        return n_heard, bpm


def _close_seam(samples: Block, n_seam: int) -> Block:
    """Let the end run into what came before the beginning, ``n_seam`` samples long.

    What came before the first sample leads to it without a step, so the loop has none either.
    """
    before, audio = samples[:n_seam], samples[n_seam:].copy()
    if n_seam:
        fade = ((np.arange(n_seam, dtype=np.float32) + 0.5) / n_seam)[:, None]
        audio[-n_seam:] = audio[-n_seam:] * (1 - fade) + before * fade
    return audio


def _peak_db(samples: Block) -> float:
    peak = float(np.abs(samples).max(initial=0.0))
    return 20 * math.log10(peak) if peak > 0 else -math.inf


def _bars(count: int) -> str:
    return "1 bar" if count == 1 else f"{count} bars"
