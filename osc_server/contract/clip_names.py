"""The names of ``/magnet/generate``, and of its kin that start from a clip; rows of the table."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from math import inf

from osc_server.contract import requests
from osc_server.contract.errors import BadRequest
from osc_server.contract.musical_time import BPM_MAX, BPM_MIN
from osc_server.contract.parameters import MAX_TEXT, Kind, Parameter

P = Parameter

MAX_BEATS = 4096
"""The last beat that a clip can have: ten minutes at the fastest tempo, and a little."""
_BEATS = "quarter notes"
_OWN = "the model's own"

DELIVERY = P(
    "delivery",
    "choice",
    "how the audio comes: the path of a WAV, or chunks (over TCP only)",
    choices=("path", "stream"),
)
RATE = P(
    "rate",
    "integer",
    "sample rate of the clip",
    "Hz",
    requests.RATE_MIN_HZ,
    requests.RATE_MAX_HZ,
    attribute="rate_hz",
)
WEIGHT = P("weight", "number", "share of one of several prompts", "", 0.01, 10)
"""Not a name: the number that follows each of several prompts."""


def _decoding(name: str, kind: Kind, doc: str, low: float = -inf, high: float = inf) -> Parameter:
    return P(name, kind, doc, low=low, high=high, default=_OWN, attribute=f"decoding.{name}")


def _decoding_choice(name: str, doc: str, *choices: str) -> Parameter:
    return P(name, "choice", doc, choices=choices, default=_OWN, attribute=f"decoding.{name}")


GENERATE = (
    P(
        "prompt",
        "text",
        f"what you want to hear, at most {MAX_TEXT} characters; several, each with its weight, are "
        'mixed: prompt "dusty breakbeat" 0.7 prompt "warm pad" 0.3',
    ),
    P("from_bar", "number", "where the prompt before it begins", "bars", 0, 256, attribute="mix"),
    P("to_bar", "number", "where the prompt before it ends", "bars", 0, 256, attribute="mix"),
    P("negative", "text", "what you do not want to hear", default="none"),
    P("model", "text", "a model by name or folder", default="the one that is loaded"),
    P("preset", "text", "fills in every name that you do not give", default="none"),
    P("bars", "number", "length", "bars", 0.0625, 256, default="4 where no length is given"),
    P("beats", "number", "length, instead of bars", _BEATS, 0.25, 1024),
    P("seconds", "number", "length, instead of bars", "s", 0.02, 600),
    P("bpm", "number", "tempo, never rounded", "quarter notes a minute", BPM_MIN, BPM_MAX),
    P("meter", "meter", "time signature"),
    P("key", "key", "musical key, added to the words", default="none"),
    P("loop", "switch", "close the seam: the end runs into the start"),
    P(
        "seed",
        "integer",
        "the same request with the same seed makes the same clip",
        low=0,
        high=2**31 - 1,
        default="the preset's for the first clip that you ask of it, else drawn; said in ready",
    ),
    P("takes", "integer", "make so many at once; the best is delivered, all are kept", "", 1, 8),
    _decoding("temperature", "number", "how bold the draws are", 0.01, 10),
    _decoding("top_p", "number", "draw from the likeliest codes up to this share; 0 = off", 0, 1),
    _decoding("top_k", "integer", "draw from this many likeliest codes; 0 = off", 0, 65536),
    _decoding("guidance_max", "number", "pull of the words at a stage's first step", 0, 30),
    _decoding("guidance_min", "number", "pull of the words at a stage's last step", 0, 30),
    _decoding("steps", "steps", "forward passes: more are finer and slower"),
    _decoding_choice("span", "how spans of 3 frames lie", "nonoverlap", "stride1"),
    _decoding_choice("scoring", "how a span's confidence is taken", "max", "prod"),
    _decoding("greedy", "switch", "take the likeliest code instead of drawing"),
    P(
        "hint",
        "number",
        "let an autoregressive model write so much of the beginning",
        _BEATS,
        0.25,
        MAX_BEATS,
        attribute="hint.beats",
    ),
    P(
        "hint_seconds",
        "number",
        "the same in seconds, instead of hint",
        "s",
        0.02,
        600,
        attribute="hint.seconds",
    ),
    P(
        "rescore",
        "number",
        "how much an autoregressive model has its say when spans are ranked; 0 = not at all",
        "",
        0,
        1,
    ),
    P(
        "companion",
        "text",
        "which autoregressive model writes the hint and rescores: the name of a MusicGen in the "
        "models folder, such as musicgen-medium",
        default=_OWN,
    ),
    P("lane", "text", "a newer job replaces a waiting one of its lane", default="no lane"),
    P("preview", "switch", "say when a first, coarse version can be heard"),
    P(
        "conform",
        "switch",
        "bring what has a beat to the tempo, by stretching, and a drum loop's bar to its start",
    ),
    P(
        "deadline",
        "number",
        "be ready so soon after accepted: steps are left out if need be",
        "ms",
        1,
        600_000,
        default="none",
        attribute="deadline_ms",
    ),
    P(
        "loudness",
        "number",
        "integrated loudness; true peak stays under -1 dBTP",
        "LUFS",
        -60,
        -5,
        attribute="loudness_lufs",
    ),
    RATE,
    P("channels", "integer", "mono or stereo", choices=("1", "2"), attribute="n_channels"),
    DELIVERY,
)

_AS_THE_CLIP = "as the clip"
LENGTHS = ("bars", "beats", "seconds")
_FROM_THE_CLIP = ("prompt", "bpm", "meter", "loop", "rate", "channels")


def _from_a_clip(*own: Parameter, refused: Mapping[str, str]) -> tuple[Parameter, ...]:
    """Names of a verb that starts from a clip: its own, then all of generate's.

    Args:
        own: beside ``clip``.
        refused: names that can only have one value here, each with a sentence on why.
    """
    clip = P(
        "clip",
        "word",
        "a clip's id, or the path of a WAV in a folder that the server allows",
        attribute="start.clip",
        required=True,
    )
    names = []
    for parameter in GENERATE:
        if parameter.name in refused:
            parameter = replace(parameter, refused=refused[parameter.name])
        elif parameter.name in _FROM_THE_CLIP:
            parameter = replace(parameter, default=_AS_THE_CLIP)
        names.append(parameter)
    return (clip, *own, *names)


def _beat(name: str, attribute: str, doc: str) -> Parameter:
    return P(name, "number", doc, _BEATS, 0, MAX_BEATS, attribute=attribute, required=True)


_AS_LONG = dict.fromkeys(LENGTHS, "what is made is as long as the clip that it starts from")

_ON_ITS_BEATS = {"conform": "what is made keeps the beats of the clip that it starts from"}

CONTINUE = _from_a_clip(
    refused=_ON_ITS_BEATS
    | {
        "loop": "only the new part comes back, and it begins where the clip ends; close it "
        "afterwards with /magnet/loop"
    }
)
INFILL = _from_a_clip(
    _beat("from", "start.from_beats", "where the new part begins, counted from 0"),
    _beat("to", "start.to_beats", "where it ends"),
    refused=_AS_LONG
    | _ON_ITS_BEATS
    | dict.fromkeys(("rate", "channels"), "samples outside of the new part stay as they are"),
)
VARY = _from_a_clip(
    P(
        "amount",
        "number",
        "how much is made anew: 0 nothing, 1 all",
        low=0,
        high=1,
        attribute="start.amount",
    ),
    P(
        "strategy",
        "choice",
        "what is made anew: what the model is least or most sure of, places at even distances or "
        "at random, or the texture over codes that stay",
        choices=("weakest", "strongest", "periodic", "random", "texture"),
        attribute="start.strategy",
    ),
    refused=_AS_LONG | _ON_ITS_BEATS,
)
CLOSE_LOOP = _from_a_clip(refused={"loop": "what comes back is a loop"})


def own_names(names: Sequence[Parameter]) -> tuple[Parameter, ...]:
    """Those of a verb's names that generate does not have, or that have another default there."""
    return tuple(p for p in names if p not in GENERATE and not p.refused)


def check_taken(names: Sequence[Parameter], given: Collection[str]) -> None:
    """See that nothing is given that can only have one value here.

    Raises:
        BadRequest: saying why, and to leave it out.
    """
    for parameter in names:
        if parameter.refused and parameter.name in given:
            raise BadRequest(f"leave out {parameter.name}: {parameter.refused}")
