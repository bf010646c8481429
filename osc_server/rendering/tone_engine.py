"""The weightless twin of the model: clicks on the beats over one sine, from numpy alone.

It keeps every promise of the ``Engine`` protocol (seeds, keep masks, steps, cancelling, circular
decoding, revisions, mixes, previews, deadlines, hints), so that server, bridge and clients can be
run whole without torch or weights. It is sure of what it would write itself, and of nothing else.

Its codes can be read: codebook 0 is a MIDI note (0 = silence), codebook 1 is 1 + the sample of the
frame at which a click begins (0 = no click), codebook 2 is 2 on a downbeat and 1 on another beat,
codebook 3 is the share of the second harmonic in 1023rds.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from osc_server.contract.errors import BadRequest, ModelUnavailable
from osc_server.rendering.mixing import weigh
from osc_server.rendering.pacing import Pace, StageWork, StepTimes
from osc_server.rendering.plan import (
    Audio,
    BeatGrid,
    Codes,
    Decoded,
    Decoding,
    EngineInfo,
    KeepMask,
    OnStage,
    OnStep,
    Plan,
    SecondsLeft,
)
from osc_server.rendering.revision import revised_mask

SAMPLE_RATE_HZ = 32000
FRAME_RATE = 50
SAMPLES_PER_FRAME = SAMPLE_RATE_HZ // FRAME_RATE
WINDOW_FRAMES = 1500
_N_CODEBOOKS = 4
_CODEBOOK_SIZE = 1024
_SPAN = 3
_NOTES = (36, 39, 41, 43, 46, 48, 51, 53, 55, 58, 60, 63, 65, 67, 70, 72)
_SINE_LEVEL = 0.2
_CLICK_LEVEL = 0.75
_CLICK_SECONDS = 0.02
_VERSION = b"tone engine 1"


class ToneEngine:
    """An ``Engine`` of clicks and a sine; instant unless ``step_seconds`` says otherwise."""

    def __init__(
        self,
        *,
        step_seconds: float = 0.0,
        window_frames: int = WINDOW_FRAMES,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Args: ``step_seconds``, how long each step takes; ``window_frames``, the longest clip."""
        self._step_seconds = step_seconds
        self._sleep = sleep
        self._step_times = StepTimes()
        self._info = EngineInfo(
            name="tone",
            weights_hash=hashlib.sha256(_VERSION).hexdigest(),
            licence="MIT",
            device="cpu",
            sample_rate_hz=SAMPLE_RATE_HZ,
            frame_rate=FRAME_RATE,
            n_codebooks=_N_CODEBOOKS,
            codebook_size=_CODEBOOK_SIZE,
            window_frames=window_frames,
            takes_tempo=True,
            defaults=Decoding(),
            companion="tone",
        )

    @property
    def info(self) -> EngineInfo:
        """What this model is."""
        return self._info

    def generate(
        self,
        plans: Sequence[Plan],
        on_step: OnStep,
        *,
        on_stage: OnStage | None = None,
        seconds_left: SecondsLeft | None = None,
    ) -> list[Decoded]:
        """Codes for each plan, revealed step by step as the model would."""
        _check_batch(plans)
        if not plans:
            return []
        if plans[0].rescoring > 0:
            self._check_companion(plans[0])
        plans = [_revised(plan) for plan in plans]
        finished = [_decoded(plan) for plan in plans]
        steps = plans[0].decoding.steps
        masks = [_keep_mask(plan) for plan in plans]
        stages = [k for k in range(_N_CODEBOOKS) if not all(mask[k].all() for mask in masks)]
        work = [StageWork(k, steps[k], len(plans) * plans[0].n_frames) for k in stages]
        pace = Pace(work, self._step_times, seconds_left)
        for k in stages:
            n_left = pace.begin_stage()
            while n_left:
                if self._step_seconds:
                    self._sleep(self._step_seconds)
                n_left = pace.end_step()
                on_step(pace.n_made, pace.n_steps)
            if on_stage is not None:
                on_stage(k + 1, [decoded.codes[: k + 1] for decoded in finished])
        notes = pace.notes()
        return [replace(decoded, notes=notes) for decoded in finished]

    def hint(self, plan: Plan, n_frames: int, on_step: OnStep) -> Codes:
        """The first ``n_frames`` as they would be generated, a step a frame."""
        self._check_companion(plan)
        if not 1 <= n_frames <= plan.n_frames:
            raise BadRequest("a hint is longer than nothing and at most as long as its clip")
        for done in range(1, n_frames + 1):
            if self._step_seconds:
                self._sleep(self._step_seconds)
            on_step(done, n_frames)
        return _compose(plan)[:, :n_frames]

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """None: it hears no words at all."""
        del text
        return ()

    def surprise(
        self, codes: Codes, plan: Plan, needed: NDArray[np.bool_] | None = None
    ) -> NDArray[np.float32]:
        """Nats a code, ``[T]``: 0 for what it would write itself, log 1024 for all else."""
        if codes.shape != (_N_CODEBOOKS, plan.n_frames):
            raise BadRequest(f"these codes are not {_N_CODEBOOKS} codebooks of {plan.n_frames}")
        return np.asarray(-_judged(plan, codes).mean(axis=0), dtype=np.float32)

    def decode(self, codes: Codes, *, circular: bool) -> Audio:
        """Audio ``[T * 640, 1]`` at 32 kHz; circular closes the sine and wraps the last click."""
        missing = _N_CODEBOOKS - codes.shape[0]
        codes = np.pad(codes, ((0, missing), (0, 0)))  # of a preview: no clicks, no harmonic
        return (_sine(codes, circular) + _clicks(codes, circular)).astype(np.float32)[:, None]

    def encode(self, audio: Audio) -> Codes:
        """Codes ``[K, T]`` of mono audio: the loudest pitch and the first click of each frame."""
        n_frames = math.ceil(len(audio) / SAMPLES_PER_FRAME)
        frames = np.zeros((n_frames, SAMPLES_PER_FRAME))
        frames.reshape(-1)[: len(audio)] = audio[:, 0]
        codes = np.zeros((_N_CODEBOOKS, n_frames), np.int64)
        spectra = np.abs(np.fft.rfft(frames * np.hanning(SAMPLES_PER_FRAME), 8192))
        peak_hz = np.maximum(spectra.argmax(axis=1), 1) * SAMPLE_RATE_HZ / 8192
        notes = np.clip(np.round(69 + 12 * np.log2(peak_hz / 440)), 1, 127)
        codes[0] = np.where(np.abs(frames).max(axis=1) > 1e-3, notes, 0)
        loud = np.abs(frames) > (_SINE_LEVEL + _CLICK_LEVEL) / 2
        codes[1] = np.where(loud.any(axis=1), loud.argmax(axis=1) + 1, 0)
        codes[2] = codes[1] > 0
        return codes

    def _check_companion(self, plan: Plan) -> None:
        if plan.companion not in ("", self._info.companion):
            raise ModelUnavailable(
                f"{plan.companion!r} does not write the codes of {self._info.name}: leave "
                "companion out"
            )


def _check_batch(plans: Sequence[Plan]) -> None:
    kinds = {
        (plan.decoding, plan.n_frames, plan.wrap_frames, plan.rescoring, plan.companion)
        for plan in plans
    }
    if len(kinds) > 1:
        raise ValueError("the plans of a batch must share decoding, length, wrap and rescoring")


def _revised(plan: Plan) -> Plan:
    if plan.revision is None:
        return plan
    if plan.keep_codes is None or plan.keep_mask is None:
        raise BadRequest("nothing is given that could be varied: name a clip")
    judged = _judged(plan, plan.keep_codes)
    mask = revised_mask(plan.keep_mask, plan.revision, _SPAN, plan.seed, judged)
    return replace(plan, keep_mask=mask, revision=None)


def _judged(plan: Plan, codes: Codes) -> NDArray[np.float32]:
    """Log probabilities ``[K, T]``."""
    surprising = codes != _compose(plan)
    return np.where(surprising, -math.log(_CODEBOOK_SIZE), 0).astype(np.float32)


def _keep_mask(plan: Plan) -> KeepMask:
    nothing = np.zeros((_N_CODEBOOKS, plan.n_frames), np.bool_)
    return nothing if plan.keep_mask is None else plan.keep_mask


def _decoded(plan: Plan) -> Decoded:
    """The finished codes of one plan: drawn where nothing is given."""
    codes = _compose(plan)
    if plan.keep_codes is not None:
        codes = np.where(_keep_mask(plan), plan.keep_codes, codes)
    return Decoded(codes, np.ones(codes.shape, np.float32))


def _compose(plan: Plan) -> Codes:
    """What the plan asks for, ``[K, n_frames]``: in each frame the note of its loudest prompt."""
    codes = np.zeros((_N_CODEBOOKS, plan.n_frames), np.int64)
    rows = weigh(plan)
    loudest = np.stack([shares for _, shares in rows]).argmax(axis=0)
    for row, (text, _) in enumerate(rows):
        place, colour = _sound(text, plan.seed)
        if plan.negative and place == _sound(plan.negative, plan.seed)[0]:
            place = (place + 1) % len(_NOTES)  # away from it
        codes[0, loudest == row] = _NOTES[place]
        codes[3, loudest == row] = colour
    if plan.beat_grid is not None:
        _place_beats(codes, plan.beat_grid)
    return codes


def _sound(text: str, seed: int) -> tuple[int, int]:
    """The place of a text's note, and the code of its colour."""
    digest = hashlib.sha256(f"{text}\0{seed}".encode()).digest()
    return digest[0] % len(_NOTES), digest[1] * 4


def _place_beats(codes: Codes, grid: BeatGrid) -> None:
    n_frames = codes.shape[1]
    last = grid.first_beat + n_frames * grid.beats_per_frame
    for beat in range(math.ceil(grid.first_beat), math.ceil(last)):
        sample = round((beat - grid.first_beat) / grid.beats_per_frame * SAMPLES_PER_FRAME)
        frame, offset = divmod(sample, SAMPLES_PER_FRAME)
        if frame < n_frames:
            codes[1, frame] = 1 + offset
            codes[2, frame] = 2 if beat % grid.beats_per_bar == 0 else 1


def _sine(codes: Codes, circular: bool) -> NDArray[np.float64]:
    """``[n_samples]``: one sine of continuous phase; on a circle it makes whole cycles."""
    note = np.clip(codes[0], 0, 127)
    cycles = np.where(note > 0, 440 * 2.0 ** ((note - 69) / 12), 0.0) / SAMPLE_RATE_HZ
    phase = np.cumsum(np.repeat(cycles, SAMPLES_PER_FRAME))
    if circular and phase[-1] > 0:
        phase *= max(1, round(phase[-1])) / phase[-1]
    share = np.repeat(np.clip(codes[3], 0, 1023) / 1023, SAMPLES_PER_FRAME)
    level = np.repeat(np.where(note > 0, _SINE_LEVEL, 0.0), SAMPLES_PER_FRAME)
    return np.asarray(
        level * ((1 - share) * np.sin(2 * np.pi * phase) + share * np.sin(4 * np.pi * phase))
    )


def _clicks(codes: Codes, circular: bool) -> NDArray[np.float64]:
    """``[n_samples]``: decaying bursts of 1 kHz, 2 kHz on downbeats, at full level at once."""
    n_samples = codes.shape[1] * SAMPLES_PER_FRAME
    seconds = np.arange(int(_CLICK_SECONDS * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    decay = _CLICK_LEVEL * np.exp(-seconds / 0.004)
    track = np.zeros(n_samples)
    for frame in np.flatnonzero(codes[1]):
        hz = 2000 if codes[2, frame] == 2 else 1000
        begin = frame * SAMPLES_PER_FRAME + min(int(codes[1, frame]), SAMPLES_PER_FRAME) - 1
        where = np.arange(begin, begin + len(decay))
        burst = decay * np.cos(2 * np.pi * hz * seconds)
        inside = where < n_samples
        if circular:
            np.add.at(track, where % n_samples, burst)
        else:
            track[where[inside]] += burst[inside]
    return track
