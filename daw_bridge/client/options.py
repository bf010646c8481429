"""What ``generate`` can be asked for, by the names of the protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypedDict

from osc_server.contract.packets import OscValue
from osc_server.contract.parsing import parse_generate
from osc_server.contract.requests import GenerateClip, RequestId


class GenerateOptions(TypedDict, total=False):
    """Everything beside the prompt; ranges and units are in ``contract.addresses``.

    Give the length once, as ``bars``, ``beats`` or ``seconds``; without one it is 4 bars.
    """

    model: str
    preset: str
    bars: float
    beats: float
    seconds: float
    bpm: float
    meter: str
    key: str
    loop: bool
    seed: int
    temperature: float
    top_p: float
    top_k: int
    guidance_max: float
    guidance_min: float
    steps: int | Sequence[int]
    span: Literal["nonoverlap", "stride1"]
    scoring: Literal["max", "prod"]
    greedy: bool
    lane: str
    loudness: float
    rate: int
    channels: int
    delivery: Literal["path", "stream"]


def generate_request(request_id: RequestId, prompt: str, options: GenerateOptions) -> GenerateClip:
    """The request that a prompt and options make, checked as the server will check it.

    Raises:
        BadRequest: for a name or a value that the protocol does not have; the sentence names the
            nearest name, or the range and the unit.
    """
    args: list[OscValue] = [request_id]
    if prompt or not options.get("preset"):
        args += ["prompt", prompt]
    for name, value in options.items():
        if value is not None:
            args += [name, _as_osc(value)]
    return parse_generate(args)


def _as_osc(value: object) -> OscValue:
    if isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Sequence):
        return " ".join(str(part) for part in value)
    return str(value)  # a Meter, a Path
