"""``magnet-bridge reaper``: what its scripts start, and what writes its files."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from daw_bridge import flags
from daw_bridge.config import load_config
from daw_bridge.reaper.project_files import Goal, hand_over
from daw_bridge.session.reaper import watch
from osc_server.contract.musical_time import Meter

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

    @group.command("rpp")
    def rpp(  # noqa: PLR0913  # as above
        project: Annotated[Path, typer.Argument(help="the .rpp file; made where there is none")],
        clips_: Annotated[
            list[str] | None,
            typer.Argument(metavar="[CLIP]...", help="ids of clips; the newest if none is given"),
        ] = None,
        track: Annotated[str, typer.Option(help="its name; made where there is none")] = "MAGNeT",
        bar: Annotated[
            int | None, typer.Option(min=1, help="of the first clip; else the first free one")
        ] = None,
        meter: Annotated[str, typer.Option(help="of a project that is made")] = "4/4",
        marker: Annotated[bool, typer.Option(help="set a marker at each clip")] = False,
        server: flags.Server = None,
        port: flags.Port = None,
        token_file: flags.TokenFile = None,
        clips: flags.Clips = None,
        config: flags.Config = None,
    ) -> None:
        """Put clips into a project file that is not open in Reaper; all else in it stays."""
        given = {"server": server, "port": port, "token_file": token_file, "clips": clips}
        settings = load_config(given, file=config)
        goal = Goal(project, track, bar, Meter.parse(meter), marker)
        run(hand_over(settings, goal, clips_ or [], console()))

    app.add_typer(group, name="reaper")
