"""Several weighted prompts on the wire: ``prompt "dusty breakbeat" 0.7 prompt "warm pad" 0.3``.

Each of several prompts is followed by its weight, and after that, if it does not sound all the
time, by ``from_bar`` and ``to_bar``: ``prompt "warm pad" 1 from_bar 0 to_bar 2 prompt …``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from osc_server.contract.clip_names import LENGTHS, WEIGHT
from osc_server.contract.errors import BadRequest
from osc_server.contract.packets import OscValue
from osc_server.contract.parameters import Parameter, read_value
from osc_server.contract.requests import Continue, GenerateClip, WeightedPrompt

Pair = tuple[Parameter, Sequence[OscValue]]
"""A name and the arguments of its value."""
MAX_PROMPTS = 8
PROMPT_NAMES = ("prompt", "from_bar", "to_bar")
_FORM = 'such as prompt "dusty breakbeat" 0.7 prompt "warm pad" 0.3'


def read_prompts(pairs: Sequence[Pair]) -> str | tuple[WeightedPrompt, ...]:
    """One prompt, or several with the weight and the limits of each.

    Args:
        pairs: all that have one of ``PROMPT_NAMES``, in the order in which they came; not empty.

    Raises:
        BadRequest: where a weight is missing, out of range or too many, or a limit belongs to no
            prompt.
    """
    if len(pairs) > 1 or pairs[0][0].name != "prompt":
        return _read_mix(pairs)
    ((parameter, args),) = pairs
    if quoted(args) and len(args) > 1:
        raise BadRequest(
            f"{args[1]!r:.40} stands where a name should; after the id come pairs of name and "
            "value, and a weight only after each of several prompts"
        )
    return str(read_value(parameter, args))


def _read_mix(pairs: Sequence[Pair]) -> tuple[WeightedPrompt, ...]:
    mix: list[WeightedPrompt] = []
    limited: set[str] = set()
    for parameter, args in pairs:
        if parameter.name == "prompt":
            mix.append(_weighted(parameter, args))
            limited.clear()
            continue
        if not mix:
            raise BadRequest(
                f"{parameter.name} stands after the prompt that it belongs to, not before it"
            )
        if parameter.name in limited:
            raise BadRequest(f"{parameter.name} is given twice for one prompt")
        limited.add(parameter.name)
        bar = float(str(read_value(parameter, args)))
        if parameter.name == "from_bar":
            mix[-1] = replace(mix[-1], from_bar=bar)
        else:
            mix[-1] = replace(mix[-1], to_bar=bar)
    if len(mix) < 2:
        raise BadRequest(
            "from_bar and to_bar say where one of several prompts sounds: give another, with its "
            f"weight, for the other bars, {_FORM}"
        )
    if len(mix) > MAX_PROMPTS:
        raise BadRequest(f"{len(mix)} prompts are too many: at most {MAX_PROMPTS} can be mixed")
    return tuple(mix)


def mix_args(mix: Sequence[WeightedPrompt]) -> list[OscValue]:
    """The arguments that ``read_mix`` reads."""
    args: list[OscValue] = []
    for part in mix:
        args += ["prompt", part.prompt, part.weight]
        args += ["from_bar", part.from_bar] if part.from_bar else []
        args += ["to_bar", part.to_bar] if part.to_bar is not None else []
    return args


def check_mix(request: GenerateClip) -> None:
    """See that some prompt sounds in every bar.

    Raises:
        BadRequest: where one ends before it begins, or bars are left without a prompt.
    """
    for part in request.mix:
        if part.to_bar is not None and part.to_bar <= part.from_bar:
            raise BadRequest(
                f"the prompt {part.prompt[:40]!r} ends at bar {part.to_bar:g}, but begins at bar "
                f"{part.from_bar:g}: to_bar must be greater than from_bar"
            )
    end = 0.0
    for part in sorted(request.mix, key=lambda part: part.from_bar):
        if part.from_bar > end:
            _refuse_gap(end, f"{part.from_bar:g}")
        end = max(end, float("inf") if part.to_bar is None else part.to_bar)
    length = float(request.length_beats / request.meter.beats_per_bar)
    if not _length_is_known(request):
        length = 0.0
    if request.mix and end < length - 1e-6:
        _refuse_gap(end, "the end")


def quoted(args: Sequence[OscValue]) -> bool:
    """Whether a text's first argument is all of it: it holds a space, or nothing at all."""
    return bool(args) and isinstance(args[0], str) and (" " in args[0] or not args[0])


def _length_is_known(request: GenerateClip) -> bool:
    """Not where a preset may give it, or the clip that is infilled, varied or closed."""
    by_itself = request.start is None or isinstance(request.start, Continue)
    return by_itself and (not request.preset or not request.given.isdisjoint(LENGTHS))


def _weighted(parameter: Parameter, args: Sequence[OscValue]) -> WeightedPrompt:
    if len(args) < 2 or not _is_number(args[-1]):
        shown = str(args[0])[:40] if args else ""
        raise BadRequest(f"each of several prompts needs its weight, {_FORM}; {shown!r} has none")
    try:
        weight = read_value(WEIGHT, args[-1:])
    except BadRequest as error:
        raise BadRequest(
            f"{error}; numbers that belong to a prompt go into quotes with its words"
        ) from None
    return WeightedPrompt(str(read_value(parameter, args[:-1])), float(str(weight)))


def _is_number(arg: OscValue) -> bool:
    try:
        read_value(replace(WEIGHT, low=float("-inf"), high=float("inf")), [arg])
    except BadRequest:
        return False
    return True


def _refuse_gap(begin: float, end: str) -> None:
    raise BadRequest(
        f"no prompt sounds from bar {begin:g} to {end}: let one begin earlier or end later"
    )
