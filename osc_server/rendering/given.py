"""Given audio as the model sees it: its stored codes where they fit, else encoded."""

from __future__ import annotations

from dataclasses import dataclass

from osc_server.contract.requests import GenerateClip
from osc_server.rendering.aligning import circle_to_model, encode, line_to_model
from osc_server.rendering.channels import to_mono
from osc_server.rendering.levels import for_model
from osc_server.rendering.plan import Codes, Engine
from osc_server.rendering.source import Source

_CLOSE_FRAMES = 0.05  # 1 ms: as near as a line must end to a frame's end


@dataclass(frozen=True, slots=True)
class Given:
    """Codes of given audio.

    Attributes:
        codes: ``[K, n_frames]``.
        gain_db: what the audio was amplified by before it was encoded; 0 for stored codes.
    """

    codes: Codes
    gain_db: float = 0.0


def stored_codes(source: Source, request: GenerateClip, engine: Engine) -> Codes | None:
    """A clip's own codes, where they are of this model, this tempo and cover the whole clip."""
    sidecar, codes, info = source.sidecar, source.codes, engine.info
    if sidecar is None or codes is None or sidecar.weights_hash != info.weights_hash:
        return None
    if not sidecar.codes_match:  # the audio was stretched or turned: it is encoded again
        return None
    exact = source.seconds * info.frame_rate
    fits = (
        sidecar.request.bpm == request.bpm
        and codes.shape[0] == info.n_codebooks
        and codes.min() >= 0
        and codes.max() < info.codebook_size
        and abs(codes.shape[1] - exact) < 1
    )
    return codes if fits else None


def tail_codes(source: Source, request: GenerateClip, engine: Engine, n_frames: int) -> Given:
    """The last frames of a source; the last one ends exactly where the source ends."""
    stored = stored_codes(source, request, engine)
    if stored is not None and n_frames <= stored.shape[1] and _ends_on_a_frame(source, engine):
        return Given(stored[:, -n_frames:])
    begin = source.seconds - n_frames / engine.info.frame_rate
    return line_codes(source, engine, begin, n_frames)


def line_codes(source: Source, engine: Engine, begin_seconds: float, n_frames: int) -> Given:
    """Frames of a source as a line, the first of which begins anywhere."""
    mono = to_mono(source.audio)
    first = max(0, int(begin_seconds * source.rate_hz))
    end = int((begin_seconds + n_frames / engine.info.frame_rate) * source.rate_hz) + 1
    _, gain_db = for_model(mono[first:end], source.rate_hz)
    info = engine.info
    audio = line_to_model(mono, source.rate_hz, begin_seconds, n_frames, info)
    return Given(encode(engine, audio * 10 ** (gain_db / 20)), gain_db)


def circle_codes(source: Source, request: GenerateClip, engine: Engine, n_frames: int) -> Given:
    """One turn of a loop on ``n_frames`` frames."""
    stored = stored_codes(source, request, engine)
    if stored is not None and stored.shape[1] == n_frames and _is_loop(source):
        return Given(stored)
    mono, gain_db = for_model(to_mono(source.audio), source.rate_hz)
    return Given(
        encode(engine, circle_to_model(mono, n_frames, engine.info), circular=True), gain_db
    )


def _is_loop(source: Source) -> bool:
    return source.sidecar is not None and source.sidecar.request.loop


def _ends_on_a_frame(source: Source, engine: Engine) -> bool:
    """A loop is rounded to frames as a whole, so it always does."""
    exact = source.seconds * engine.info.frame_rate
    return _is_loop(source) or abs(exact - round(exact)) < _CLOSE_FRAMES
