"""What a script asks for, as a request of the protocol."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from daw_bridge.client.options import GenerateOptions
from osc_server.contract.addresses import REQUESTS, nearest
from osc_server.contract.errors import BadRequest
from osc_server.contract.parameters import read_value
from osc_server.contract.requests import RATE_MAX_HZ, RATE_MIN_HZ, GenerateClip, Start

_OWN = ("verb", "prompt", "media", "audio", "audio_from", "audio_seconds", "clip")
"""Names of an order that are no options of the protocol."""
_CUT = ("audio_from", "audio_seconds")
_VERBS = {row.address.rpartition("/")[2]: row for row in REQUESTS if row.record is GenerateClip}


@dataclass(frozen=True, slots=True)
class Cut:
    """A part of an audio file that a clip starts from.

    Attributes:
        path: the file.
        from_seconds: where the part begins in it.
        seconds: how long the part is; beyond the file's end it begins anew, as a looped item does.
    """

    path: Path
    from_seconds: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Order:
    """What a script asks for.

    Attributes:
        verb: ``generate``, ``continue``, ``infill``, ``vary`` or ``loop``.
        prompt: the words.
        options: every other name of the protocol.
        media: the folder that the WAV is to lie in; None leaves it in the library.
        clip: the id of the clip that it starts from; empty for none.
        cut: the audio that it starts from, where that is no clip of the library.
    """

    verb: str
    prompt: str
    options: GenerateOptions
    media: Path | None = None
    clip: str = ""
    cut: Cut | None = None

    def start(self, clip: str) -> Start | None:
        """The request's start, from the clip of this name.

        Raises:
            BadRequest: where a name that it needs is missing.
        """
        row = _VERBS[self.verb]
        if row.start is None:
            return None
        values: dict[str, Any] = {"clip": clip}  # the protocol checks them
        for parameter in row.named:
            group, _, attribute = parameter.attribute.rpartition(".")
            if group != "start" or attribute == "clip":
                continue
            if parameter.name in self.options:
                values[attribute] = cast(Mapping[str, object], self.options)[parameter.name]
            elif parameter.required:
                raise BadRequest(f"{self.verb} needs {parameter.name}: {parameter.doc}")
        return row.start(**values)

    def rest(self) -> GenerateOptions:
        """The options without those that the start takes."""
        taken = {
            parameter.name
            for parameter in _VERBS[self.verb].named
            if parameter.attribute.startswith("start.")
        }
        rest = {name: value for name, value in self.options.items() if name not in taken}
        return cast(GenerateOptions, rest)


def read_order(values: Mapping[str, str]) -> Order:
    """An order from a script's file.

    Raises:
        BadRequest: for an unknown verb, or numbers that are none.
    """
    verb = values.get("verb", "")
    if verb not in _VERBS:
        raise BadRequest(f"there is no {verb!r}{nearest(verb, list(_VERBS))}")
    options = _options(verb, {name: text for name, text in values.items() if name not in _OWN})
    cut = None
    if "audio" in values:
        at, seconds = (_number(name, values.get(name, "0")) for name in _CUT)
        cut = Cut(Path(values["audio"]), at, seconds)
    media = values.get("media", "")
    return Order(
        verb=verb,
        prompt=values.get("prompt", ""),
        options=cast(GenerateOptions, options),
        media=Path(media) if media else None,
        clip=values.get("clip", ""),
        cut=cut,
    )


def _options(verb: str, texts: Mapping[str, str]) -> dict[str, object]:
    """The values that a verb's names have."""
    known = {parameter.name: parameter for parameter in _VERBS[verb].named}
    options: dict[str, object] = {}
    for name, text in texts.items():
        if name not in known or known[name].refused:
            raise BadRequest(f"{verb} has no {name}{nearest(name, known)}")
        if name == "rate":
            text = str(_offered_rate(_number(name, text)))
        options[name] = read_value(known[name], [text])
    return options


def _offered_rate(rate: float) -> int:
    """The rate that the server offers, nearest to the project's: hosts resample the rest."""
    return round(min(max(rate, RATE_MIN_HZ), RATE_MAX_HZ))


def _number(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise BadRequest(f"{name} must be a number, not {text[:40]!r}")
    return number
