"""The sidecar of a take: everything that made it, so that it can be made again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from osc_server.contract.clip import ClipSidecar, Measured
from osc_server.contract.requests import DecodingOptions, GenerateClip
from osc_server.rendering.canvas import Canvas
from osc_server.rendering.plan import Decoding, EngineInfo
from osc_server.rendering.takes import Take

_HIGH = 2.0
"""Of what is measured at a seam, 1 is like any other place."""
_INHERITED = frozenset({"bpm", "meter", "loop", "rate", "channels"})


@dataclass(frozen=True, slots=True)
class Making:
    """By what and when clips are made.

    Attributes:
        info: the model.
        versions: of the product and of the libraries that compute.
        created: when the job began.
        unknown_words: of its prompts that the model has never learned.
    """

    info: EngineInfo
    versions: Mapping[str, str]
    created: datetime
    unknown_words: tuple[str, ...] = ()


def make_sidecar(
    take: Take,
    clip_id: str,
    place: tuple[int, int],
    notes: tuple[str, ...],
    making: Making,
) -> ClipSidecar:
    """Describe a take.

    Args:
        take: finished and measured.
        clip_id: what it is called.
        place: its rank among the takes, from 1, and how many there are.
        notes: about all takes of the job.
        making: by what, and when.
    """
    piece, info = take.piece, making.info
    heard = (*take.decoded.notes, *take.finished.notes, *_off_note(take))
    heard = (*heard, *_seam_note(take.measured))
    said = (*piece.notes, *notes, *heard)
    return ClipSidecar(
        id=clip_id,
        created=making.created.isoformat(timespec="seconds"),
        request=_as_made(piece.request, piece.canvas.decoding),
        model_prompt=words_of(piece.canvas),
        seed=take.seed,
        model=info.name,
        weights_hash=info.weights_hash,
        n_frames=take.codes.shape[1],
        measured=take.measured,
        notes=" ".join(dict.fromkeys(said)),
        versions=making.versions,
        rank=place[0],
        n_takes=place[1],
        score=round(take.score, 4),
        companion=_companion(piece.request, info),
        source_sha256=piece.source.sha256 if piece.source else "",
        codes_match=take.codes_match,
        unknown_words=making.unknown_words,
    )


def _companion(request: GenerateClip, info: EngineInfo) -> str:
    """The autoregressive model that took part, or nothing."""
    took_part = request.hint is not None or request.rescore > 0
    return (request.companion or info.companion) if took_part else ""


def _off_note(take: Take) -> tuple[str, ...]:
    """Said where a take is not in time."""
    if take.off_bpm == 0.0:
        return ()
    return (
        f"It came at {take.off_bpm:.1f} bpm and could not be brought to "
        f"{take.piece.request.bpm:g}, so it was left as it came: try another seed.",
    )


def _seam_note(measured: Measured) -> tuple[str, ...]:
    """Said where a loop's seam stands out."""
    found = {
        "jump": measured.seam,
        "spectral flux": measured.seam_flux,
        "perplexity": measured.seam_perplexity,
    }
    high = [f"its {name} is {value:.1f} times" for name, value in found.items() if value > _HIGH]
    if not high:
        return ()
    return (f"The loop's seam may be heard: {' and '.join(high)} that of its interior.",)


def words_of(canvas: Canvas) -> str:
    """All that the model is told in words."""
    if not canvas.mix:
        return canvas.prompt
    return " + ".join(dict.fromkeys(part.text for part in canvas.mix))


def _as_made(request: GenerateClip, decoding: Decoding) -> GenerateClip:
    """The request with every decoding value; what a source gave counts as asked from now on."""
    values = asdict(decoding)
    options = DecodingOptions(**{name: values[name] for name in DecodingOptions.__slots__})
    given = request.given if request.start is None else request.given | _INHERITED
    return replace(request, decoding=options, given=given)
