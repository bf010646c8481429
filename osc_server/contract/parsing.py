"""Requests from OSC arguments and back, by the table in ``addresses``.

``/magnet/<verb> <id> <name> <value> …``: names in any order, each once, each before its value.
Where a request has one required name, or one name in all, its value may stand alone:
``/magnet/model/load 1 magnet-small``.

Text that was split into words (Max splits a list at its spaces) is joined again. What is a word and
what is the next name is decided so:

1. What follows a text's name directly is always text, even if it reads like a name.
2. If that first argument holds a space, or is empty, somebody quoted it: it is the whole text.
3. Otherwise everything up to the next name belongs to the text. An argument is the next name if it
   equals one and a value of its kind follows: in ``prompt four bars of funk bars 4`` only the
   second ``bars`` is. Names with an underscore are names wherever they stand.
4. A word that is nearly a name and is followed by a value of its kind (``prompt techno barz 4``) is
   refused rather than guessed at.

So a prompt that contains ``loop 1`` or ``lane x`` must be sent as one quoted text. Several prompts
are each followed by a weight (see ``mixing``).
"""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from osc_server.contract.addresses import REQUESTS, Row, nearest, request_row
from osc_server.contract.clip_names import WEIGHT, check_taken
from osc_server.contract.errors import BadRequest
from osc_server.contract.mixing import PROMPT_NAMES, Pair, check_mix, mix_args, quoted, read_prompts
from osc_server.contract.musical_time import Meter
from osc_server.contract.packets import OscMessage, OscValue
from osc_server.contract.parameters import (
    N_CODEBOOKS,
    Parameter,
    Value,
    expected,
    fits,
    read_id,
    read_value,
)
from osc_server.contract.requests import (
    DecodingOptions,
    GenerateClip,
    Hint,
    Request,
    RequestId,
    Start,
)

_JOINED = ("text", "key")
_NEARLY = 0.7


def parse_request(message: OscMessage) -> Request:
    """The request that a message carries.

    Raises:
        BadRequest: for an unknown address or name (naming the nearest), a missing, duplicated or
            impossible value, or one out of range (naming range and unit).
    """
    return _parse(request_row(message.address), message.args)


def parse_generate(args: Sequence[OscValue]) -> GenerateClip:
    """The arguments of ``/magnet/generate``, id first; raises as ``parse_request`` does."""
    return cast(GenerateClip, _parse(request_row("/magnet/generate"), args))


def parse_values(
    names: Iterable[Parameter], args: Sequence[OscValue], where: str
) -> dict[str, Value]:
    """Named values by wire name: ``["bars", 4, "bpm", 128.5]`` gives both, checked.

    Several prompts come as a tuple of ``WeightedPrompt``, under the name of the prompt.
    """
    parameters = {parameter.name: parameter for parameter in names}
    values: dict[str, Value] = {}
    prompts: list[Pair] = []
    position = 0
    while position < len(args):
        parameter = _name(args[position], parameters, where)
        if parameter.name in values:
            raise BadRequest(f"{parameter.name} is given twice")
        end = _end_of_value(parameter, args, position + 1, parameters)
        if end == position + 1:
            raise BadRequest(f"{parameter.name} has no value: it takes {expected(parameter)}")
        value_args = args[position + 1 : end]
        if parameter.name in PROMPT_NAMES:
            prompts.append((parameter, value_args))
        else:
            values[parameter.name] = read_value(parameter, value_args)
        position = end
    if prompts:
        values["prompt"] = read_prompts(prompts)
    return values


def request_args(request: Request) -> tuple[OscValue, ...]:
    """The OSC arguments that ``parse_request`` turns into this request again.

    Values that equal their defaults are left out, but for those named in ``given``.

    Raises:
        BadRequest: for a value that the protocol does not allow.
    """
    row = row_of(request)
    given = request.given if isinstance(request, GenerateClip) else frozenset()
    args: list[OscValue] = [read_id(request.id)]
    for parameter in row.named:
        if parameter.name == "prompt" and isinstance(request, GenerateClip) and request.mix:
            args += _checked_mix(row, request)
            continue
        if parameter.attribute == "mix" or parameter.refused:
            continue
        value = _get(request, parameter)
        asked = value != row.default_of(parameter) or parameter.name in given
        if value is not None and (asked or parameter.name == _needs(request)):
            shown = _as_osc(value)
            read_value(parameter, [shown])
            args += [parameter.name, shown]
    return tuple(args)


def row_of(request: Request) -> Row:
    """The row that a request record belongs to."""
    if isinstance(request, GenerateClip):
        return row_of_start(request.start)
    return next(row for row in REQUESTS if row.record is type(request))


def row_of_start(start: Start | None) -> Row:
    """The row of the request that makes a clip in this way."""
    kind = None if start is None else type(start)
    return next(row for row in REQUESTS if row.record is GenerateClip and row.start is kind)


def start_args(start: Start | None) -> list[OscValue]:
    """The names and values that say what a clip is made from; nothing where it is from words."""
    args: list[OscValue] = []
    for parameter in row_of_start(start).named:
        group, _, attribute = parameter.attribute.rpartition(".")
        if group == "start":
            args += [parameter.name, _as_osc(getattr(start, attribute))]
    return args


def _needs(request: Request) -> str:
    """A name that has to be said even where its value is the default."""
    alone = isinstance(request, GenerateClip) and not request.preset and request.start is None
    return "prompt" if alone else ""


def _checked_mix(row: Row, request: GenerateClip) -> list[OscValue]:
    args = mix_args(request.mix)
    parse_values(row.named, args, row.address)
    check_mix(request)
    return args


def _parse(row: Row, args: Sequence[OscValue]) -> Request:
    request_id = read_id(args[0] if args else None)
    values = parse_values(row.named, _with_bare_name(row, args[1:]), row.address)
    for parameter in row.named:
        if parameter.required and parameter.name not in values:
            raise BadRequest(f"{row.address} needs {parameter.name}: {parameter.doc}")
    check_taken(row.named, values)
    if row.record is not GenerateClip:
        return cast(Request, row.record(request_id, **_by_attribute(row, values)))
    if row.start is None and not {"prompt", "preset"} & values.keys():
        raise BadRequest('say what you want to hear, such as prompt "dusty breakbeat", or a preset')
    by_attribute = _by_attribute(row, values)
    if isinstance(by_attribute.get("prompt"), tuple):
        by_attribute["mix"] = by_attribute.pop("prompt")
    request = _clip_request(row, request_id, by_attribute, frozenset(values))
    check_mix(request)
    return request


def _clip_request(
    row: Row, request_id: RequestId, values: Mapping[str, Any], given: frozenset[str]
) -> GenerateClip:
    """The request of values by attribute; one with a dot belongs to a record inside of it."""
    groups: dict[str, dict[str, Any]] = defaultdict(dict)
    for path, value in values.items():
        group, _, attribute = path.rpartition(".")
        groups[group][attribute] = value
    return GenerateClip(
        request_id,
        **groups[""],
        decoding=DecodingOptions(**groups["decoding"]),
        hint=Hint(**groups["hint"]) if groups["hint"] else None,
        start=row.start(**groups["start"]) if row.start is not None else None,
        given=given,
    )


def _by_attribute(row: Row, values: Mapping[str, Value]) -> dict[str, Any]:
    return {
        parameter.attribute or parameter.name: values[parameter.name]
        for parameter in row.named
        if parameter.name in values
    }


def _with_bare_name(row: Row, args: Sequence[OscValue]) -> Sequence[OscValue]:
    """Put the name before a value that stands alone, where only one can be meant."""
    required = [parameter for parameter in row.named if parameter.required] or row.named
    names = [parameter.name for parameter in row.named]
    if len(required) != 1 or not args or (len(args) > 1 and args[0] in names):
        return args
    return [required[0].name, *args]


def _name(arg: OscValue, parameters: Mapping[str, Parameter], where: str) -> Parameter:
    if isinstance(arg, str) and arg in parameters:
        return parameters[arg]
    if not isinstance(arg, str):
        raise BadRequest(
            f"{arg!r:.40} stands where a name should; after the id come pairs of name and value"
        )
    if not parameters:
        raise BadRequest(f"{where} takes only your id, not {arg[:40]!r}")
    raise BadRequest(
        f"unknown name {arg[:40]!r}"
        + nearest(arg, parameters)
        + "; if it is part of a text, send the text as one quoted string"
    )


def _end_of_value(
    parameter: Parameter,
    args: Sequence[OscValue],
    start: int,
    parameters: Mapping[str, Parameter],
) -> int:
    """Index after the last argument that belongs to the value that begins at ``start``."""
    if start >= len(args):
        return start
    if parameter.kind == "steps":
        end = start
        while end < len(args) and end < start + N_CODEBOOKS and not isinstance(args[end], str):
            end += 1
        return max(end, start + 1)
    if parameter.kind not in _JOINED:
        return start + 1
    end = start + 1
    if quoted(args[start:]):
        weighted = parameter.name == "prompt" and end < len(args) and _reads_as_number(args[end])
        return end + 1 if weighted else end
    while end < len(args) and not _begins_a_pair(args, end, parameters):
        end += 1
    return end


def _begins_a_pair(
    args: Sequence[OscValue], position: int, parameters: Mapping[str, Parameter]
) -> bool:
    """Whether the argument here is the next name, not a word of a split text (see the module)."""
    word = args[position]
    if not isinstance(word, str):
        return False
    following = args[position + 1] if position + 1 < len(args) else None
    if word in parameters:
        return "_" in word or fits(parameters[word], following)
    for name in difflib.get_close_matches(word, list(parameters), 1, _NEARLY):
        if parameters[name].kind not in _JOINED and fits(parameters[name], following):
            raise BadRequest(
                f"unknown name {word!r}; did you mean {name}? "
                "If it is part of a text, send the text as one quoted string"
            )
    return False


def _reads_as_number(arg: OscValue) -> bool:
    return fits(WEIGHT, arg)


def _get(request: Request, parameter: Parameter) -> Value:
    value: Value = request
    for attribute in (parameter.attribute or parameter.name).split("."):
        value = getattr(value, attribute, None)
    return value


def _as_osc(value: Value) -> OscValue:
    if isinstance(value, Meter):
        return str(value)
    if isinstance(value, tuple):
        return " ".join(str(part) for part in value)
    return cast(OscValue, value)
