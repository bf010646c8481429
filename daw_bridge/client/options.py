"""What a clip can be asked for, by the names of the protocol."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypedDict, cast

from daw_bridge.client.clip_result import ClipResult
from osc_server.contract.mixing import mix_args
from osc_server.contract.packets import OscMessage, OscValue
from osc_server.contract.parsing import parse_request, row_of_start, start_args
from osc_server.contract.replies import Take
from osc_server.contract.requests import GenerateClip, RequestId, Start, WeightedPrompt

Prompt = str | Sequence[WeightedPrompt | tuple[str, float]]
"""Words, or several with their weights: ``[("dusty breakbeat", 0.7), ("warm pad", 0.3)]``; a
``WeightedPrompt`` can be confined to some bars."""
ClipSource = str | Path | ClipResult | Take
"""A clip by its id, a WAV by its path on the server's disk, or what came back from the server."""


class GenerateOptions(TypedDict, total=False):
    """Everything beside the prompt; ranges and units are in ``contract.clip_names``.

    Give the length once, as ``bars``, ``beats`` or ``seconds``; without one it is 4 bars.
    """

    negative: str
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
    takes: int
    temperature: float
    top_p: float
    top_k: int
    guidance_max: float
    guidance_min: float
    steps: int | Sequence[int]
    span: Literal["nonoverlap", "stride1"]
    scoring: Literal["max", "prod"]
    greedy: bool
    hint: float
    hint_seconds: float
    rescore: float
    companion: str
    lane: str
    preview: bool
    conform: bool
    deadline: float
    loudness: float
    rate: int
    channels: int
    delivery: Literal["path", "stream"]


def generate_request(
    request_id: RequestId, prompt: Prompt, options: GenerateOptions, start: Start | None = None
) -> GenerateClip:
    """The request that a prompt and options make, checked as the server will check it.

    Args:
        request_id: of the request.
        prompt: the words; may be empty beside a preset or a start.
        options: everything else.
        start: the clip that it starts from, and how.

    Raises:
        BadRequest: for a name or a value that the protocol does not have; the sentence names the
            nearest name, or the range and the unit.
    """
    args: list[OscValue] = [request_id, *start_args(start)]
    if prompt or not (options.get("preset") or start):
        args += _prompt_args(prompt)
    for name, value in options.items():
        if value is not None:
            args += [name, _as_osc(value)]
    message = OscMessage(row_of_start(start).address, tuple(args))
    return cast(GenerateClip, parse_request(message))


def source_name(source: ClipSource) -> str:
    """What the server knows a clip by: its id, or a path."""
    if isinstance(source, ClipResult):
        return source.id
    if isinstance(source, Take):
        return source.clip
    return str(source.absolute()) if isinstance(source, Path) else source


def _prompt_args(prompt: Prompt) -> list[OscValue]:
    if isinstance(prompt, str):
        return ["prompt", prompt]
    mix = [part if isinstance(part, WeightedPrompt) else WeightedPrompt(*part) for part in prompt]
    if len(mix) == 1 and (mix[0].from_bar, mix[0].to_bar) == (0.0, None):
        return ["prompt", mix[0].prompt]
    return mix_args(mix)


def _as_osc(value: object) -> OscValue:
    if isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Sequence):
        return " ".join(str(part) for part in value)
    return str(value)  # a Meter, a Path
