"""``magnet-bridge models``: which there are, and bringing them here, into memory and out of it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from daw_bridge import listing, tables
from daw_bridge.config import BridgeConfig, load_config
from daw_bridge.flags import Hub, Memory, Models, Port, Server, TokenFile
from daw_bridge.serving import client_of_running_server, client_of_some_server
from osc_server.contract.replies import ModelFetching, ModelLicence

Run = Callable[[Coroutine[Any, Any, Any]], Any]
"""Runs work to its end, or until Ctrl-C."""
Name = Annotated[str, typer.Argument(help="its name, such as magnet-small-10secs, or owner/name")]


def add_model_commands(app: typer.Typer, run: Run, console: Callable[[], Console]) -> None:
    """Add ``models`` with its own commands; alone it lists.

    Args:
        app: the front door.
        run: runs what a command does.
        console: makes the terminal that it writes to.
    """
    group = typer.Typer(help="List the models, and fetch, load and unload them.")

    @group.callback(invoke_without_command=True)
    def models(  # noqa: PLR0913 - one argument a flag is how typer reads a command line
        context: typer.Context,
        server: Server = None,
        port: Port = None,
        token_file: TokenFile = None,
        models: Models = None,
        memory: Memory = None,
        hub: Hub = None,
    ) -> None:
        """List the models, and fetch, load and unload them."""
        context.obj = {
            "server": server, "port": port, "token_file": token_file, "models": models,
            "memory": memory, "hub": hub,
        }  # fmt: skip
        if context.invoked_subcommand is None:
            screen = console()
            items, status = run(listing.models(_settings(context.obj), screen))
            screen.print(tables.model_table(items))
            for line in tables.model_notes(items, status):
                screen.print(line, style="dim", markup=False, soft_wrap=True)

    @group.command()
    def fetch(  # noqa: PLR0913 - as above
        context: typer.Context,
        name: Name,
        server: Server = None,
        port: Port = None,
        token_file: TokenFile = None,
        models: Models = None,
        hub: Hub = None,
    ) -> None:
        """Bring a model, and all that it needs, onto this disk; goes on where it was stopped."""
        settings = _settings(
            context.obj, server=server, port=port, token_file=token_file, models=models, hub=hub
        )
        screen = console()
        run(_fetch(settings, name, screen))
        screen.print(f"{name} is here: play it with --model {name}", markup=False)

    @group.command()
    def load(
        context: typer.Context,
        name: Name,
        server: Server = None,
        port: Port = None,
        token_file: TokenFile = None,
    ) -> None:
        """Make a model the current one of the server that runs."""
        settings = _settings(context.obj, server=server, port=port, token_file=token_file)
        screen = console()
        run(_load(settings, name, screen))
        screen.print(f"{name} is loaded", markup=False)

    @group.command()
    def unload(
        context: typer.Context,
        name: Annotated[str, typer.Argument(help="its name; none = the current one")] = "",
        server: Server = None,
        port: Port = None,
        token_file: TokenFile = None,
    ) -> None:
        """Free the memory of a model of the server that runs."""
        settings = _settings(context.obj, server=server, port=port, token_file=token_file)
        run(_unload(settings, name))
        console().print("its memory is free")

    app.add_typer(group, name="models")


async def _fetch(config: BridgeConfig, name: str, console: Console) -> None:
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=40),
        DownloadColumn(),
        TransferSpeedColumn(),
        TextColumn("{task.fields[eta]}"),
        console=console,
    )

    def say(licence: ModelLicence) -> None:
        bar.console.print(licence.text, markup=False)

    async with client_of_some_server(config, console) as client:
        with bar:
            task = bar.add_task(f"fetching {name}", total=None, eta="")

            def show(step: ModelFetching) -> None:
                eta = f"{step.eta_seconds:.0f} s left" if step.eta_seconds else ""
                bar.update(task, total=step.total_bytes, completed=step.received_bytes, eta=eta)

            await client.fetch_model(name, on_progress=show, on_licence=say)


async def _load(config: BridgeConfig, name: str, console: Console) -> None:
    async with client_of_running_server(config) as client:
        with console.status(f"loading {name}"):
            await client.load_model(name)


async def _unload(config: BridgeConfig, name: str) -> None:
    async with client_of_running_server(config) as client:
        await client.unload_model(name)


def _settings(before: dict[str, Any], **after: object) -> BridgeConfig:
    """Flags after the command's name, else those before it."""
    return load_config(before | {name: value for name, value in after.items() if value is not None})
