"""``magnet-bridge``: the front door."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from daw_bridge import listing, tables
from daw_bridge.anew import RESUME, begin_anew
from daw_bridge.clip_commands import add_clip_commands
from daw_bridge.config import BridgeConfig, load_config
from daw_bridge.demo import DemoWish
from daw_bridge.flags import (
    Announce,
    ArdourOsc,
    Block,
    Captures,
    CaptureSeconds,
    Clips,
    Clock,
    ClockIn,
    ClockOffset,
    ClockOut,
    Config,
    DeckOutputs,
    Decks,
    Device,
    Grid,
    HostApi,
    Input,
    InputLatency,
    Inputs,
    Link,
    Memory,
    MidiApi,
    Model,
    Models,
    Output,
    OutputRate,
    Outputs,
    PagePort,
    Port,
    QueryPort,
    Server,
    TokenFile,
    setting_help,
    value_help,
)
from daw_bridge.install.commands import add_install_commands
from daw_bridge.landing_commands import add_landing_commands
from daw_bridge.latency_command import add_latency_command
from daw_bridge.midi.commands import add_midi_commands
from daw_bridge.midi.jack_ports import choose_api
from daw_bridge.model_commands import add_model_commands
from daw_bridge.reaper.commands import add_reaper_commands
from daw_bridge.session import clips
from daw_bridge.session import live as live_session
from daw_bridge.session.building import LiveWish
from daw_bridge.signals import Interrupted, until_signal
from osc_server.contract.errors import BadRequest, MagnetError

FAILED = 1

app = typer.Typer(
    name="magnet-bridge",
    help="Play MAGNeT from a DAW, from a script, or from this terminal.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
add_model_commands(app, lambda work: _run(work), lambda: _console())
add_midi_commands(app, lambda work: _run(work), lambda: _console())
add_install_commands(app, lambda: _console())
add_reaper_commands(app, lambda work: _run(work), lambda: _console())
add_clip_commands(app, lambda settings, wish: _run(clips.generate(settings, wish, _console())))
add_landing_commands(app, lambda work: _run(work), lambda: _console())
add_latency_command(app, lambda work: _run(work), lambda: _console())


def main() -> None:
    """Run the command; never returns."""
    try:
        app()
    except MagnetError as error:
        Console(stderr=True).print(f"magnet-bridge: {error}", style="red", markup=False)
        sys.exit(FAILED)
    except Interrupted as interrupted:
        sys.exit(interrupted.exit_code)
    except KeyboardInterrupt:  # Ctrl-C before the event loop could take care of it
        sys.exit(130)


Prompt = Annotated[str, typer.Argument(help=value_help("prompt"))]
Seed = Annotated[int | None, typer.Option(help=value_help("seed"))]


@app.command()
def live(  # noqa: PLR0913  # as above
    prompt: Prompt = "",
    bars: Annotated[float | None, typer.Option(help=setting_help("bars"))] = None,
    bpm: Annotated[float | None, typer.Option(help=setting_help("bpm"))] = None,
    meter: Annotated[str | None, typer.Option(help=setting_help("meter"))] = None,
    clock: Clock = None,
    clock_in: ClockIn = None,
    clock_out: ClockOut = None,
    clock_offset: ClockOffset = None,
    midi_api: MidiApi = None,
    ardour_osc: ArdourOsc = None,
    link: Link = None,
    every: Annotated[float, typer.Option(min=0, help="a new take every so many bars")] = 0,
    seed: Seed = None,
    level: Annotated[float | None, typer.Option(help=setting_help("level"))] = None,
    decks: Decks = None,
    deck_outputs: DeckOutputs = None,
    session_file: Annotated[
        Path | None, typer.Option("--session", help=setting_help("session"))
    ] = None,
    recordings: Annotated[Path | None, typer.Option(help=setting_help("recordings"))] = None,
    offline: Annotated[
        Path | None, typer.Option(help="write what would be heard to this WAV instead")
    ] = None,
    seconds: Annotated[float, typer.Option(min=0.1, help="how much --offline writes")] = 60,
    server: Server = None,
    host: Annotated[str | None, typer.Option(help=setting_help("host"))] = None,
    port: Port = None,
    page_port: PagePort = None,
    query_port: QueryPort = None,
    announce: Announce = None,
    grid: Grid = None,
    token_file: TokenFile = None,
    model: Model = None,
    clips: Clips = None,
    models: Models = None,
    device: Device = None,
    memory: Memory = None,
    output: Output = None,
    host_api: HostApi = None,
    outputs: Outputs = None,
    output_rate: OutputRate = None,
    block: Block = None,
    input: Input = None,  # the flag's name
    inputs: Inputs = None,
    input_latency: InputLatency = None,
    capture_seconds: CaptureSeconds = None,
    captures: Captures = None,
    resume: Annotated[Path | None, typer.Option(RESUME, hidden=True)] = None,
    config: Config = None,
) -> None:
    """Play live: the next clip is made while this one loops, and takes over at the bar."""
    settings = _settings(dict(locals()) | {"session": session_file})
    choose_api(settings.midi_api)
    wish = LiveWish(prompt, every, seed, resume)
    console = _console()
    if offline is None:
        left = _run(live_session.live(settings, wish, console), signals=False)
        if left is not None:
            begin_anew(left)
        return
    if not prompt:
        raise BadRequest('say what to play: magnet-bridge live "dusty breakbeat" --offline a.wav')
    _run(live_session.live_offline(settings, wish, seconds, offline, console.print))
    console.print(f"{seconds:g} s written to {offline}")


@app.command()
def demo(  # noqa: PLR0913  # as above
    prompt: Prompt = "techno drums and a bright pluck arp",
    bars: Annotated[float, typer.Option(help=value_help("bars"))] = 4,
    bpm: Annotated[float, typer.Option(help=value_help("bpm"))] = 126,
    seed: Annotated[int, typer.Option(help=value_help("seed"))] = 7,
    folder: Annotated[Path, typer.Option(help="where WAV and picture go")] = Path("demo"),
    play: Annotated[bool, typer.Option(help="play it where there is a sound device")] = True,
    model: Model = None,
    output: Output = None,
) -> None:
    """Hear and see a loop that MAGNeT makes from words, over OSC."""
    settings = _settings(dict(locals()))
    wish = DemoWish(prompt, bars, bpm, seed, folder)
    _run(clips.demo(settings, wish if play else wish.silent(), _console()))


@app.command()
def surfaces(
    folder: Annotated[Path | None, typer.Argument(help="write them into this folder")] = None,
    token_file: TokenFile = None,
    config: Config = None,
) -> None:
    """Say where the layouts for TouchOSC, Open Stage Control and ReaLearn are, or write them.

    Those that are written let themselves in where the bridge has a secret: keep them to yourself.
    """
    settings = _settings(dict(locals()))
    for path in listing.surfaces(folder, settings.token()):
        _console().print(str(path), markup=False, soft_wrap=True)


@app.command()
def devices(midi_api: MidiApi = None, config: Config = None) -> None:
    """List the sound devices and MIDI ports of this computer."""
    choose_api(_settings(dict(locals())).midi_api)
    console = _console()
    for line in listing.devices():
        console.print(line)


@app.command()
def doctor(  # noqa: PLR0913  # as above
    port: Port = None,
    model: Model = None,
    clips: Clips = None,
    models: Models = None,
    device: Device = None,
    memory: Memory = None,
    output: Output = None,
    host_api: HostApi = None,
    outputs: Outputs = None,
    output_rate: OutputRate = None,
    midi_api: MidiApi = None,
    config: Config = None,
) -> None:
    """Check this computer, and say what to do about what does not work."""
    settings = _settings(dict(locals()))
    choose_api(settings.midi_api)
    console = _console()
    with console.status("looking around"):
        findings = listing.examine(settings)
    console.print(tables.finding_table(findings))
    if any(finding.verdict == "fails" for finding in findings):
        raise typer.Exit(FAILED)


@app.command()
def presets(server: Server = None, port: Port = None, token_file: TokenFile = None) -> None:
    """List the presets."""
    console = _console()
    found = _run(listing.presets(_settings(dict(locals())), console))
    console.print(tables.preset_table(found))


def _settings(flags: dict[str, Any]) -> BridgeConfig:
    known = {name: flags[name] for name in BridgeConfig.model_fields if name in flags}
    return load_config(known, file=flags.get("config"))


def _run(work: Coroutine[Any, Any, Any], *, signals: bool = True) -> Any:  # noqa: ANN401
    return asyncio.run(until_signal(work) if signals else work)


def _console() -> Console:
    return Console(highlight=False)


if __name__ == "__main__":
    main()
