"""Between the host's samples and the model's frames: resampling that keeps every place exact."""

from __future__ import annotations

import math

import numpy as np
import soxr

from osc_server.contract.errors import GenerationFailed
from osc_server.rendering.finishing import fit_loop
from osc_server.rendering.plan import Audio, Codes, Engine, EngineInfo

_MARGIN_SECONDS = 0.05  # around a stretch, which the resampling filter reaches into
_PIECE_SECONDS = 30.0
_LONGEST_SECONDS = 60.0  # what codecs are given at once: EnCodec takes 0.5 GB a minute
_OVERLAP_SECONDS = 1.0


def samples_per_frame(info: EngineInfo) -> int:
    """Of the model's own audio."""
    return info.sample_rate_hz // info.frame_rate


def line_to_model(
    mono: Audio, rate_hz: int, begin_seconds: float, n_frames: int, info: EngineInfo
) -> Audio:
    """A stretch of a line at the model's rate, ``[n_frames * samples per frame, 1]``.

    Args:
        mono: ``[n_samples, 1]`` at ``rate_hz``; silence lies before and after it.
        rate_hz: its rate.
        begin_seconds: where frame 0 begins; may be negative.
        n_frames: how many frames follow.
        info: of the model.
    """
    n_wanted = n_frames * samples_per_frame(info)
    first = math.floor((begin_seconds - _MARGIN_SECONDS) * rate_hz)
    end = math.ceil((begin_seconds + n_wanted / info.sample_rate_hz + _MARGIN_SECONDS) * rate_hz)
    stretch = np.zeros((end - first, 1), np.float32)
    inside = slice(max(first, 0), max(min(end, len(mono)), max(first, 0)))
    stretch[inside.start - first : inside.stop - first] = mono[inside]
    at_model = np.asarray(soxr.resample(stretch, rate_hz, info.sample_rate_hz, "VHQ"), np.float32)
    skipped = round((begin_seconds - first / rate_hz) * info.sample_rate_hz)
    return np.ascontiguousarray(at_model[skipped : skipped + n_wanted])


def line_to_host(audio: Audio, rate_hz: int, info: EngineInfo) -> Audio:
    """The model's audio at the host's rate; its first sample stays the first."""
    if rate_hz == info.sample_rate_hz:
        return audio
    return np.asarray(soxr.resample(audio, info.sample_rate_hz, rate_hz, "VHQ"), np.float32)


def circle_to_model(mono: Audio, n_frames: int, info: EngineInfo) -> Audio:
    """One turn of a loop at the model's rate, on ``n_frames`` frames exactly."""
    return fit_loop(mono, n_frames * samples_per_frame(info))


def encode(engine: Engine, audio: Audio, *, circular: bool = False) -> Codes:
    """Codes ``[K, n_frames]`` of mono audio at the model's rate; a circle between its own ends."""
    size = samples_per_frame(engine.info)
    n_frames = len(audio) // size
    around = min(engine.info.frame_rate, n_frames) if circular else 0
    if around:
        audio = np.concatenate([audio[-around * size :], audio, audio[: around * size]])
    pieces = _pieces(n_frames + 2 * around, engine.info)
    codes = [
        engine.encode(audio[first * size : end * size])[:, skip : skip + kept]
        for first, end, skip, kept in pieces
    ]
    return np.concatenate(codes, axis=1)[:, around : around + n_frames]


def decode(engine: Engine, codes: Codes, *, circular: bool = False) -> Audio:
    """Audio of codes of any length, ``[n_frames * samples per frame, 1]``.

    What is longer than a minute is decoded in pieces that see a second of their neighbours.

    Raises:
        GenerationFailed: where it is no audio.
    """
    audio = _decode(engine, codes, circular)
    if not np.isfinite(audio).all():
        raise GenerationFailed(
            "the model returned numbers that are no sound: try another seed or less guidance"
        )
    return audio


def _decode(engine: Engine, codes: Codes, circular: bool) -> Audio:
    size, n_frames = samples_per_frame(engine.info), codes.shape[1]
    if n_frames <= _LONGEST_SECONDS * engine.info.frame_rate:
        return engine.decode(codes, circular=circular)
    around = engine.info.frame_rate if circular else 0
    wrapped = np.concatenate([codes[:, n_frames - around :], codes, codes[:, :around]], axis=1)
    pieces = [
        engine.decode(wrapped[:, first:end], circular=False)[skip * size : (skip + kept) * size]
        for first, end, skip, kept in _pieces(wrapped.shape[1], engine.info)
    ]
    return np.concatenate(pieces)[around * size : (around + n_frames) * size]


def _pieces(n_frames: int, info: EngineInfo) -> list[tuple[int, int, int, int]]:
    """Pieces with their neighbourhood: first, end, frames to skip, frames to keep of each."""
    if n_frames <= (_LONGEST_SECONDS + 2) * info.frame_rate:
        return [(0, n_frames, 0, n_frames)]
    length, overlap = (
        round(_PIECE_SECONDS * info.frame_rate),
        round(_OVERLAP_SECONDS * info.frame_rate),
    )
    pieces = []
    for at in range(0, n_frames, length):
        first, end = max(0, at - overlap), min(n_frames, at + length + overlap)
        pieces.append((first, end, at - first, min(length, n_frames - at)))
    return pieces
