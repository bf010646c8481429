"""``magnet-server``: the OSC server alone."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from osc_server.app import serve
from osc_server.config import ServerConfig, load_config
from osc_server.contract.errors import MagnetError
from osc_server.service import product_version

CANNOT_START = 2
"""Exit code where the server cannot start, with one sentence on stderr."""


def main() -> None:
    """Run the command; never returns."""
    try:
        typer.run(server)
    except KeyboardInterrupt:  # Ctrl-C before the server could take care of it
        sys.exit(130)


def _help(name: str) -> str:
    field = ServerConfig.model_fields[name]
    default = field.get_default(call_default_factory=True)
    return f"{field.description} (default {default})" if default else f"{field.description}"


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(product_version())
        raise typer.Exit


def server(  # noqa: PLR0913 - one argument a flag is how typer reads a command line
    host: Annotated[str | None, typer.Option(help=_help("host"))] = None,
    port: Annotated[int | None, typer.Option(help=_help("port"))] = None,
    model: Annotated[str | None, typer.Option(help=_help("model"))] = None,
    clips: Annotated[Path | None, typer.Option(help=_help("clips"))] = None,
    audio_folders: Annotated[str | None, typer.Option(help=_help("audio_folders"))] = None,
    models: Annotated[Path | None, typer.Option(help=_help("models"))] = None,
    presets: Annotated[Path | None, typer.Option(help=_help("presets"))] = None,
    device: Annotated[str | None, typer.Option(help=_help("device"))] = None,
    precision: Annotated[str | None, typer.Option(help=_help("precision"))] = None,
    engine: Annotated[str | None, typer.Option(help=_help("engine"))] = None,
    memory: Annotated[float | None, typer.Option(help=_help("memory"))] = None,
    offline: Annotated[bool | None, typer.Option(help=_help("offline"))] = None,
    hub: Annotated[str | None, typer.Option(help=_help("hub"))] = None,
    token_file: Annotated[Path | None, typer.Option(help=_help("token_file"))] = None,
    threads: Annotated[int | None, typer.Option(help=_help("threads"))] = None,
    wav_format: Annotated[str | None, typer.Option(help=_help("wav_format"))] = None,
    queue_limit: Annotated[int | None, typer.Option(help=_help("queue_limit"))] = None,
    log_level: Annotated[str | None, typer.Option(help=_help("log_level"))] = None,
    config: Annotated[Path | None, typer.Option(help="a TOML file with any of these")] = None,
    version: Annotated[bool, typer.Option("--version", callback=_show_version)] = False,
) -> None:
    """Host MAGNeT behind OSC, for Max, Pure Data, SuperCollider, scripts and the bridge.

    Every option can also be set by a variable (MAGNET_PORT) or in a TOML file (port = 12100).
    """
    flags = dict(locals())
    file = flags.pop("config")
    try:
        settings = load_config(flags, file=file)
        logging.basicConfig(level=settings.log_level, format="magnet-server: %(message)s")
        asyncio.run(serve(settings, ready=lambda port: _greet(settings, port)))
    except MagnetError as error:
        typer.echo(f"magnet-server: {error}", err=True)
        raise typer.Exit(CANNOT_START) from None


def _greet(settings: ServerConfig, port: int) -> None:
    typer.echo(
        f"magnet-server {product_version()} listens on {settings.host}:{port} (UDP and TCP), "
        f"model {settings.model}, clips in {settings.clips.absolute()}"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    main()
