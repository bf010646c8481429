"""``magnet-bridge``: the front door."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from rich.console import Console

from daw_bridge import listing, session, tables
from daw_bridge.client.options import GenerateOptions
from daw_bridge.config import BridgeConfig, load_config
from daw_bridge.demo import DemoWish
from daw_bridge.generating import Wish
from daw_bridge.signals import Interrupted, until_signal
from osc_server.contract.clip_names import GENERATE
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


def _setting(name: str) -> str:
    return str(BridgeConfig.model_fields[name].description)


def _value(name: str) -> str:
    parameter = next(row for row in GENERATE if row.name == name)
    range_text = f" ({parameter.range_text})" if parameter.range_text else ""
    return f"{parameter.doc}{range_text}"


Prompt = Annotated[str, typer.Argument(help=_value("prompt"))]
Server = Annotated[str | None, typer.Option(help=_setting("server"))]
Port = Annotated[int | None, typer.Option(help=_setting("port"))]
TokenFile = Annotated[Path | None, typer.Option(help=_setting("token_file"))]
Model = Annotated[str | None, typer.Option(help=_setting("model"))]
Clips = Annotated[Path | None, typer.Option(help=_setting("clips"))]
Models = Annotated[Path | None, typer.Option(help=_setting("models"))]
Device = Annotated[str | None, typer.Option(help=_setting("device"))]
Output = Annotated[str | None, typer.Option(help=_setting("output"))]
HostApi = Annotated[str | None, typer.Option(help=_setting("host_api"))]
Outputs = Annotated[str | None, typer.Option(help=_setting("outputs"))]
OutputRate = Annotated[int | None, typer.Option(help=_setting("output_rate"))]
Block = Annotated[int | None, typer.Option(help=_setting("block"))]
Config = Annotated[Path | None, typer.Option(help="a TOML file with any of these settings")]
Seed = Annotated[int | None, typer.Option(help=_value("seed"))]


@app.command()
def generate(  # noqa: PLR0913  # one argument a flag is how typer reads a command line
    prompt: Prompt = "",
    preset: Annotated[str | None, typer.Option(help=_value("preset"))] = None,
    bars: Annotated[float | None, typer.Option(help=_value("bars"))] = None,
    beats: Annotated[float | None, typer.Option(help=_value("beats"))] = None,
    seconds: Annotated[float | None, typer.Option(help=_value("seconds"))] = None,
    bpm: Annotated[float | None, typer.Option(help=_value("bpm"))] = None,
    meter: Annotated[str | None, typer.Option(help=_value("meter"))] = None,
    key: Annotated[str | None, typer.Option(help=_value("key"))] = None,
    loop: Annotated[bool | None, typer.Option(help=_value("loop"))] = None,
    seed: Seed = None,
    temperature: Annotated[float | None, typer.Option(help=_value("temperature"))] = None,
    top_p: Annotated[float | None, typer.Option(help=_value("top_p"))] = None,
    top_k: Annotated[int | None, typer.Option(help=_value("top_k"))] = None,
    guidance_max: Annotated[float | None, typer.Option(help=_value("guidance_max"))] = None,
    guidance_min: Annotated[float | None, typer.Option(help=_value("guidance_min"))] = None,
    steps: Annotated[str | None, typer.Option(help=_value("steps"))] = None,
    span: Annotated[str | None, typer.Option(help=_value("span"))] = None,
    scoring: Annotated[str | None, typer.Option(help=_value("scoring"))] = None,
    greedy: Annotated[bool | None, typer.Option(help=_value("greedy"))] = None,
    loudness: Annotated[float | None, typer.Option(help=_value("loudness"))] = None,
    rate: Annotated[int | None, typer.Option(help=_value("rate"))] = None,
    channels: Annotated[int | None, typer.Option(help=_value("channels"))] = None,
    out: Annotated[Path | None, typer.Option(help="write the clip to this WAV as well")] = None,
    picture: Annotated[Path | None, typer.Option(help="draw the clip to this PNG")] = None,
    play: Annotated[bool, typer.Option("--play", help="play it when it is there")] = False,
    server: Server = None,
    port: Port = None,
    token_file: TokenFile = None,
    model: Model = None,
    clips: Clips = None,
    models: Models = None,
    device: Device = None,
    output: Output = None,
    host_api: HostApi = None,
    outputs: Outputs = None,
    output_rate: OutputRate = None,
    block: Block = None,
    config: Config = None,
) -> None:
    """Make one clip from words: magnet-bridge generate "dusty breakbeat" --bars 4 --bpm 128.5."""
    flags = dict(locals())
    if not prompt and not preset:
        raise BadRequest('say what you want to hear, such as "dusty breakbeat", or a --preset')
    about_the_clip = GenerateOptions.__annotations__.keys() - {"model"}
    settings = _settings({name: flags[name] for name in flags.keys() - about_the_clip})
    options = _musical(flags, settings)
    wish = Wish(prompt, options, out, picture, 1 if play else 0)
    _run(session.generate(settings, wish, _console()))


@app.command()
def live(  # noqa: PLR0913  # as above
    prompt: Prompt = "",
    bars: Annotated[float | None, typer.Option(help=_setting("bars"))] = None,
    bpm: Annotated[float | None, typer.Option(help=_setting("bpm"))] = None,
    meter: Annotated[str | None, typer.Option(help=_setting("meter"))] = None,
    every: Annotated[float, typer.Option(min=0, help="a new take every so many bars")] = 0,
    seed: Seed = None,
    level: Annotated[float | None, typer.Option(help=_setting("level"))] = None,
    offline: Annotated[
        Path | None, typer.Option(help="write what would be heard to this WAV instead")
    ] = None,
    seconds: Annotated[float, typer.Option(min=0.1, help="how much --offline writes")] = 60,
    server: Server = None,
    host: Annotated[str | None, typer.Option(help=_setting("host"))] = None,
    port: Port = None,
    token_file: TokenFile = None,
    model: Model = None,
    clips: Clips = None,
    models: Models = None,
    device: Device = None,
    output: Output = None,
    host_api: HostApi = None,
    outputs: Outputs = None,
    output_rate: OutputRate = None,
    block: Block = None,
    config: Config = None,
) -> None:
    """Play live: the next clip is made while this one loops, and takes over at the bar."""
    settings = _settings(dict(locals()))
    wish = session.LiveWish(prompt, every, seed)
    console = _console()
    if offline is None:
        _run(session.live(settings, wish, console), signals=False)
        return
    if not prompt:
        raise BadRequest('say what to play: magnet-bridge live "dusty breakbeat" --offline a.wav')
    _run(session.live_offline(settings, wish, seconds, offline, console.print))
    console.print(f"{seconds:g} s written to {offline}")


@app.command()
def demo(  # noqa: PLR0913  # as above
    prompt: Prompt = "techno drums and a bright pluck arp",
    bars: Annotated[float, typer.Option(help=_value("bars"))] = 4,
    bpm: Annotated[float, typer.Option(help=_value("bpm"))] = 126,
    seed: Annotated[int, typer.Option(help=_value("seed"))] = 7,
    folder: Annotated[Path, typer.Option(help="where WAV and picture go")] = Path("demo"),
    play: Annotated[bool, typer.Option(help="play it where there is a sound device")] = True,
    model: Model = None,
    output: Output = None,
) -> None:
    """Hear and see a loop that MAGNeT makes from words, over OSC."""
    settings = _settings(dict(locals()))
    wish = DemoWish(prompt, bars, bpm, seed, folder)
    _run(session.demo(settings, wish if play else wish.silent(), _console()))


@app.command()
def devices() -> None:
    """List the sound devices and MIDI ports of this computer."""
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
    output: Output = None,
    host_api: HostApi = None,
    outputs: Outputs = None,
    output_rate: OutputRate = None,
    config: Config = None,
) -> None:
    """Check this computer, and say what to do about what does not work."""
    console = _console()
    with console.status("looking around"):
        findings = listing.examine(_settings(dict(locals())))
    console.print(tables.finding_table(findings))
    if any(finding.verdict == "fails" for finding in findings):
        raise typer.Exit(FAILED)


@app.command()
def presets(server: Server = None, port: Port = None, token_file: TokenFile = None) -> None:
    """List the presets."""
    console = _console()
    found = _run(listing.presets(_settings(dict(locals())), console))
    console.print(tables.preset_table(found))


@app.command()
def models(server: Server = None, port: Port = None, token_file: TokenFile = None) -> None:
    """List the models."""
    console = _console()
    found = _run(listing.models(_settings(dict(locals())), console))
    console.print(tables.model_table(found))


def _settings(flags: dict[str, Any]) -> BridgeConfig:
    known = {name: flags[name] for name in BridgeConfig.model_fields if name in flags}
    return load_config(known, file=flags.get("config"))


def _musical(flags: dict[str, Any], settings: BridgeConfig) -> GenerateOptions:
    """What was said about the clip itself; what was not is the server's or the preset's."""
    names = GenerateOptions.__annotations__
    given = {name: flags[name] for name in names if flags.get(name) is not None}
    if settings.model:
        given["model"] = settings.model
    given["delivery"] = settings.delivery()
    return cast(GenerateOptions, given)  # the protocol checks them


def _run(work: Coroutine[Any, Any, Any], *, signals: bool = True) -> Any:  # noqa: ANN401
    return asyncio.run(until_signal(work) if signals else work)


def _console() -> Console:
    return Console(highlight=False)


if __name__ == "__main__":
    main()
