"""The commands that make one clip: ``generate`` and its kin, with their flags from the table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import Parameter as Argument
from inspect import Signature
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from daw_bridge import flags
from daw_bridge.client.options import GenerateOptions, Prompt
from daw_bridge.config import BridgeConfig, load_config
from daw_bridge.generating import Wish
from osc_server.contract.addresses import REQUESTS, Row
from osc_server.contract.clip_names import GENERATE
from osc_server.contract.errors import BadRequest
from osc_server.contract.packets import OscValue
from osc_server.contract.parameters import Parameter
from osc_server.contract.parsing import parse_values
from osc_server.contract.requests import GenerateClip, Start

Run = Callable[[BridgeConfig, Wish], None]
"""Grants a wish."""

_NO_FLAG = ("prompt", "from_bar", "to_bar", "clip", "model", "lane", "delivery")
_TYPES: dict[str, type] = {"number": float, "integer": int, "switch": bool}
_KEYWORD = Argument.KEYWORD_ONLY
_MIX = 'one of several prompts, its weight, and its bars, such as "warm pad 0.3 from_bar 2"'
_EXAMPLES = {
    "generate": 'magnet-bridge generate "dusty breakbeat" --bars 4 --bpm 128.5',
    "continue": "magnet-bridge continue break.wav --bars 4",
    "infill": 'magnet-bridge infill break.wav "drum fill" --from 12 --to 16',
    "vary": "magnet-bridge vary break.wav --amount 0.3 --takes 4",
    "loop": "magnet-bridge loop rain.wav --bpm 92",
}
_SETTINGS = {
    "server": flags.Server,
    "port": flags.Port,
    "token_file": flags.TokenFile,
    "model": flags.Model,
    "clips": flags.Clips,
    "models": flags.Models,
    "device": flags.Device,
    "memory": flags.Memory,
    "output": flags.Output,
    "host_api": flags.HostApi,
    "outputs": flags.Outputs,
    "output_rate": flags.OutputRate,
    "block": flags.Block,
    "config": flags.Config,
}


def add_clip_commands(app: typer.Typer, run: Run) -> None:
    """Add a command for each request that makes a clip."""
    for row in REQUESTS:
        if row.record is GenerateClip:
            _add(app, row, run)


def _add(app: typer.Typer, row: Row, run: Run) -> None:
    name = row.address.rpartition("/")[2]

    def command(**given: Any) -> None:  # noqa: ANN401  # whatever the command line holds
        settings = load_config(
            {field: given[field] for field in BridgeConfig.model_fields if field in given},
            file=given["config"],
        )
        start, settings = _start(row, given, settings)
        wish = Wish(
            prompt=_prompt(given, needed=start is None),
            options=_options(row, given, settings),
            start=start,
            out=given["out"],
            picture=given["picture"],
            rounds=1 if given["play"] else 0,
        )
        run(settings, wish)

    command.__signature__ = Signature(_arguments(row))  # type: ignore[attr-defined]
    app.command(name, help=f"{row.doc} {_EXAMPLES[name]}")(command)


def _arguments(row: Row) -> list[Argument]:
    """What typer reads off a function: one argument a flag."""
    prompt = Annotated[str, typer.Argument(help="what you want to hear; several by --mix")]
    found = []
    for parameter in row.named:
        if parameter.name == "clip":
            clip = Annotated[str, typer.Argument(help=parameter.doc)]
            found.append(Argument("clip", _KEYWORD, annotation=clip))
        if parameter.name == "prompt":
            found.append(Argument("prompt", _KEYWORD, default="", annotation=prompt))
        if parameter.name not in _NO_FLAG and not parameter.refused:
            found.append(_flag(parameter))
    mix = Annotated[list[str] | None, typer.Option(help=_MIX)]
    out = Annotated[Path | None, typer.Option(help="write the clip to this WAV as well")]
    picture = Annotated[Path | None, typer.Option(help="draw the clip to this PNG")]
    play = Annotated[bool, typer.Option("--play", help="play it when it is there")]
    return [
        *found,
        Argument("mix", _KEYWORD, default=None, annotation=mix),
        Argument("out", _KEYWORD, default=None, annotation=out),
        Argument("picture", _KEYWORD, default=None, annotation=picture),
        Argument("play", _KEYWORD, default=False, annotation=play),
        *(Argument(name, _KEYWORD, default=None, annotation=_SETTINGS[name]) for name in _SETTINGS),
    ]


def _flag(parameter: Parameter) -> Argument:
    kind = _TYPES.get(parameter.kind, str)
    text = flags.parameter_help(parameter)
    name = f"--{parameter.name.replace('_', '-')}"
    names = [f"{name}/--no-{name[2:]}"] if kind is bool else [name]
    if parameter.required:
        annotation: Any = Annotated[kind, typer.Option(*names, help=text)]
        return Argument(_own(parameter), _KEYWORD, annotation=annotation)
    annotation = Annotated[kind | None, typer.Option(*names, help=text)]
    return Argument(_own(parameter), _KEYWORD, default=None, annotation=annotation)


def _own(parameter: Parameter) -> str:
    """The name that Python knows it by: ``from`` is taken."""
    return f"{parameter.name}_beat" if parameter.name in ("from", "to") else parameter.name


def _start(
    row: Row, given: dict[str, Any], settings: BridgeConfig
) -> tuple[Start | None, BridgeConfig]:
    """What the clip starts from; a server of our own may read the folder where that lies."""
    if row.start is None:
        return None, settings
    file = Path(given["clip"]).expanduser()
    clip = given["clip"]
    if file.is_file():
        file = file.resolve()
        clip = str(file)
        folders = (*settings.audio_folders, file.parent)
        settings = settings.model_copy(update={"audio_folders": folders})
    values = {"clip": clip}
    for parameter in row.named:
        group, _, attribute = parameter.attribute.rpartition(".")
        value = given.get(_own(parameter))
        if group == "start" and attribute != "clip" and value is not None:
            values[attribute] = value
    return row.start(**values), settings


def _prompt(given: dict[str, Any], *, needed: bool) -> Prompt:
    mix: Sequence[str] | None = given["mix"]
    if mix:
        if given["prompt"]:
            raise BadRequest("give one prompt, or several by --mix, not both")
        args: list[OscValue] = []
        for words in mix:
            args += ["prompt", *words.split()]
        return cast(Prompt, parse_values(GENERATE, args, "--mix")["prompt"])
    if needed and not given["prompt"] and not given["preset"]:
        raise BadRequest('say what you want to hear, such as "dusty breakbeat", or a --preset')
    return cast(str, given["prompt"])


def _options(row: Row, given: dict[str, Any], settings: BridgeConfig) -> GenerateOptions:
    """What was said about the clip itself; what was not is the server's or the preset's."""
    of_generate = {parameter.name for parameter in GENERATE} - set(_NO_FLAG)
    names = [parameter.name for parameter in row.named if parameter.name in of_generate]
    options = {name: given[name] for name in names if given.get(name) is not None}
    if settings.model:
        options["model"] = settings.model
    options["delivery"] = settings.delivery()
    return cast(GenerateOptions, options)  # the protocol checks them
