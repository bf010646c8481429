"""``magnet-bridge reaper``: what its scripts start, and what writes its files."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from daw_bridge import flags
from daw_bridge.config import load_config
from daw_bridge.reaper.watching import watch

Run = Callable[[Coroutine[Any, Any, Any]], Any]
"""Runs work to its end, or until Ctrl-C."""


def add_reaper_commands(app: typer.Typer, run: Run, console: Callable[[], Console]) -> None:
    """Add ``reaper`` with its own commands.

    Args:
        app: the front door.
        run: runs what a command does.
        console: makes the terminal that it writes to.
    """
    group = typer.Typer(help="Serve Reaper's scripts, and write its files.", no_args_is_help=True)

    @group.command("watch")
    def watch_(  # noqa: PLR0913  # one argument a flag
        folder: Annotated[Path, typer.Argument(help="the folder that the script in Reaper made")],
        server: flags.Server = None,
        port: flags.Port = None,
        token_file: flags.TokenFile = None,
        model: flags.Model = None,
        clips: flags.Clips = None,
        models: flags.Models = None,
        config: flags.Config = None,
    ) -> None:
        """Serve one window of the scripts until it is closed; Reaper starts this by itself."""
        given = {
            "server": server,
            "port": port,
            "token_file": token_file,
            "model": model,
            "clips": clips,
            "models": models,
        }
        run(watch(load_config(given, file=config), folder, console().print))

    app.add_typer(group, name="reaper")
