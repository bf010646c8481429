"""The flags that several commands have, and what is said about them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from daw_bridge.config import BridgeConfig
from osc_server.contract.clip_names import GENERATE
from osc_server.contract.parameters import Parameter


def setting_help(name: str) -> str:
    """What a setting of the bridge is."""
    return str(BridgeConfig.model_fields[name].description)


def parameter_help(parameter: Parameter) -> str:
    """What a name of the protocol is, with its range."""
    range_text = f" ({parameter.range_text})" if parameter.range_text else ""
    return f"{parameter.doc}{range_text}"


def value_help(name: str) -> str:
    """What a name of ``/magnet/generate`` is, with its range."""
    return parameter_help(next(row for row in GENERATE if row.name == name))


Server = Annotated[str | None, typer.Option(help=setting_help("server"))]
Port = Annotated[int | None, typer.Option(help=setting_help("port"))]
PagePort = Annotated[int | None, typer.Option(help=setting_help("page_port"))]
QueryPort = Annotated[int | None, typer.Option(help=setting_help("query_port"))]
Announce = Annotated[
    bool | None, typer.Option("--announce/--no-announce", help=setting_help("announce"))
]
Grid = Annotated[bool | None, typer.Option("--grid/--no-grid", help=setting_help("grid"))]
TokenFile = Annotated[Path | None, typer.Option(help=setting_help("token_file"))]
Model = Annotated[str | None, typer.Option(help=setting_help("model"))]
Clips = Annotated[Path | None, typer.Option(help=setting_help("clips"))]
Models = Annotated[Path | None, typer.Option(help=setting_help("models"))]
Device = Annotated[str | None, typer.Option(help=setting_help("device"))]
Memory = Annotated[float | None, typer.Option(help=setting_help("memory"))]
Hub = Annotated[str | None, typer.Option(help=setting_help("hub"))]
Output = Annotated[str | None, typer.Option(help=setting_help("output"))]
HostApi = Annotated[str | None, typer.Option(help=setting_help("host_api"))]
Outputs = Annotated[str | None, typer.Option(help=setting_help("outputs"))]
OutputRate = Annotated[int | None, typer.Option(help=setting_help("output_rate"))]
Block = Annotated[int | None, typer.Option(help=setting_help("block"))]
Input = Annotated[str | None, typer.Option(help=setting_help("input"))]
Inputs = Annotated[str | None, typer.Option(help=setting_help("inputs"))]
InputLatency = Annotated[float | None, typer.Option(help=setting_help("input_latency"))]
CaptureSeconds = Annotated[float | None, typer.Option(help=setting_help("capture_seconds"))]
Captures = Annotated[Path | None, typer.Option(help=setting_help("captures"))]
Config = Annotated[Path | None, typer.Option(help="a TOML file with any of these settings")]
Decks = Annotated[int | None, typer.Option(help=setting_help("decks"))]
Clock = Annotated[str | None, typer.Option(help=setting_help("clock"))]
ClockIn = Annotated[str | None, typer.Option(help=setting_help("clock_in"))]
ClockOut = Annotated[str | None, typer.Option(help=setting_help("clock_out"))]
ClockOffset = Annotated[float | None, typer.Option(help=setting_help("clock_offset"))]
ArdourOsc = Annotated[str | None, typer.Option(help=setting_help("ardour_osc"))]
MidiApi = Annotated[str | None, typer.Option(help=setting_help("midi_api"))]
Link = Annotated[bool | None, typer.Option(help=setting_help("link"))]
DeckOutputs = Annotated[str | None, typer.Option(help=setting_help("deck_outputs"))]
