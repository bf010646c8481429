"""The sidecar of a clip: all that made it and all that was measured, as one JSON file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, TypeVar

from osc_server.contract.errors import BadRequest, StorageFailed
from osc_server.contract.musical_time import Meter
from osc_server.contract.requests import (
    CloseLoop,
    Continue,
    DecodingOptions,
    GenerateClip,
    Hint,
    Infill,
    RequestId,
    Start,
    Vary,
    WeightedPrompt,
)

SCHEMA = 1
"""Raised when an old reader would misread a new file; new fields alone do not raise it."""
MAX_LANDINGS = 64
"""So many are kept with a clip."""

Record = TypeVar("Record")
_STARTS: dict[str, type[Start]] = {
    "continue": Continue,
    "infill": Infill,
    "vary": Vary,
    "loop": CloseLoop,
}


@dataclass(frozen=True, slots=True)
class Measured:
    """What a finished clip was measured to be.

    Attributes:
        seconds: length, ``n_samples / rate_hz``.
        n_samples: length in samples of one channel.
        rate_hz: sample rate of the WAV.
        n_channels: channels of the WAV.
        bars: length in bars of its meter.
        bpm: tempo asked for.
        bpm_measured: tempo found in the audio; 0 where no beat was found.
        seam: jump at the loop's seam against the interior's typical jump; about 1 is inaudible.
        lufs: integrated loudness (BS.1770-4); None for silence, which has none.
        true_peak_dbtp: true peak; None for silence.
        rtf: compute seconds per audio second.
        seam_flux: spectral flux at a loop's seam against the mean of its other beats; 1 is like
            any other beat, 0 where it was not measured.
        seam_perplexity: perplexity of a loop's codes around the seam against those of the interior
            (arXiv 2504.04466); 1 is like any other place, 0 where it was not measured.
        confidence: probability that the model gave its codes, geometric mean, 0..1; 0 where it was
            not measured.
        tempo_confidence: how regularly its onsets repeat at that tempo, 0..1; 0 where no beat was
            found.
        stretch: tempo that it was drawn at over the one asked for, as far as it was stretched to
            mend it; 1 = it was not.
        turned_beats: quarter notes by which the loop was turned back so that its bar begins it.
    """

    seconds: float
    n_samples: int
    rate_hz: int
    n_channels: int
    bars: float
    bpm: float
    bpm_measured: float
    seam: float
    lufs: float | None
    true_peak_dbtp: float | None
    rtf: float
    seam_flux: float = 0.0
    seam_perplexity: float = 0.0
    confidence: float = 0.0
    tempo_confidence: float = 0.0
    stretch: float = 1.0
    turned_beats: float = 0.0


@dataclass(frozen=True, slots=True)
class Landing:
    """What a host said about putting a clip into a track of its own.

    Attributes:
        when: ISO 8601 in UTC.
        place: where, in the host's words.
        problem: why it could not; empty where it did.
    """

    when: str
    place: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ClipSidecar:
    """Everything that made a clip and everything measured.

    Attributes:
        id: the clip's own id, the stem of its three files.
        created: when, ISO 8601 in UTC.
        request: as asked, with its preset applied and every decoding value filled in.
        model_prompt: the words that the model was given: prompt, key and what else was added.
        seed: the seed that was used, drawn or asked for.
        model: name of the model.
        weights_hash: sha256 of the model's files.
        n_frames: length in codec frames.
        measured: what the finished audio is.
        notes: one sentence where something asked for could not be met.
        versions: of the product and of the libraries that compute.
        rank: among the takes of its job, by score; 1 is the best.
        n_takes: how many takes its job made.
        companion: the autoregressive model that wrote its hint or rescored it; empty for none.
        score: what the takes are ranked by, 0..1, from tempo, seam and confidence.
        source_sha256: of the file that it was made from; empty where it was made from words alone.
        unknown_words: of the prompt that the model has never learned.
        codes_match: whether its codes are its audio; not where that was stretched, or turned by
            what is no whole number of frames.
        landings: what hosts said about putting it into a track, the oldest first.
    """

    id: str
    created: str
    request: GenerateClip
    model_prompt: str
    seed: int
    model: str
    weights_hash: str
    n_frames: int
    measured: Measured
    notes: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    rank: int = 1
    n_takes: int = 1
    score: float = 0.0
    companion: str = ""
    source_sha256: str = ""
    codes_match: bool = True
    unknown_words: tuple[str, ...] = ()
    landings: tuple[Landing, ...] = ()

    def to_request(self, request_id: RequestId) -> GenerateClip:
        """The request that makes this clip again, on the same model.

        Its preset is not named any more: a preset may change, the values that it gave may not.
        Nor is it in a hurry, or one of several takes.
        """
        return replace(
            self.request,
            id=request_id,
            model=self.model,
            preset="",
            seed=self.seed,
            lane="",
            delivery="path",
            takes=1,
            preview=False,
            deadline_ms=None,
        )

    def to_json(self) -> str:
        """The text of the file. Raises ValueError for a number that JSON cannot hold."""
        content = {"schema": SCHEMA, **asdict(self)}
        content["versions"] = dict(self.versions)
        request = content["request"]
        request["meter"] = str(self.request.meter)
        request["given"] = sorted(self.request.given)
        if self.request.start is not None:
            request["start"] = {"how": _how(self.request.start), **request["start"]}
        return _text(content)

    @classmethod
    def from_json(cls, text: str) -> ClipSidecar:
        """Read a sidecar. Fields that this version does not know are ignored.

        Raises:
            StorageFailed: where the file is damaged, or was written by a later version in a way
                that this one would misread.
        """
        try:
            content = json.loads(text)
            if content["schema"] > SCHEMA:
                raise StorageFailed(
                    f"this clip was written by a later version (schema {content['schema']}; "
                    f"this one reads up to {SCHEMA}): update to open it"
                )
            content["request"] = _request(content["request"])
            content["measured"] = _record(Measured, content["measured"])
            content["landings"] = tuple(
                _record(Landing, landing) for landing in content.get("landings", ())
            )
            content["unknown_words"] = tuple(content.get("unknown_words", ()))
            return _record(cls, content)
        except (ValueError, KeyError, TypeError, AttributeError, BadRequest) as error:
            raise StorageFailed(f"the clip's sidecar is damaged: {error}") from error


def with_landing(text: str, landing: Landing) -> str:
    """The text of a sidecar with one more landing; the oldest beyond ``MAX_LANDINGS`` go.

    All else stays, what only a later version knows included.

    Raises:
        StorageFailed: as ``ClipSidecar.from_json``.
    """
    kept = [asdict(known) for known in ClipSidecar.from_json(text).landings]
    landings = [*kept, asdict(landing)][-MAX_LANDINGS:]
    return _text({**json.loads(text), "landings": landings})


def _text(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def _request(content: dict[str, Any]) -> GenerateClip:
    decoding = content["decoding"]
    if decoding.get("steps") is not None:
        decoding["steps"] = tuple(decoding["steps"])
    start, hint = content.get("start"), content.get("hint")
    return _record(
        GenerateClip,
        {
            **content,
            "decoding": _record(DecodingOptions, decoding),
            "meter": Meter.parse(content["meter"]),
            "given": frozenset(content["given"]),
            "start": None if start is None else _record(_STARTS[start["how"]], start),
            "hint": None if hint is None else _record(Hint, hint),
            "mix": tuple(_record(WeightedPrompt, part) for part in content.get("mix", ())),
        },
    )


def _how(start: Start) -> str:
    return next(how for how, kind in _STARTS.items() if isinstance(start, kind))


def _record(kind: type[Record], content: dict[str, Any]) -> Record:
    known = {entry.name for entry in fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: value for name, value in content.items() if name in known})
