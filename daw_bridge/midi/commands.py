"""``magnet-bridge midi``: which controllers play what, what they send, and learning."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from daw_bridge.config import load_config
from daw_bridge.flags import Config, MidiApi
from daw_bridge.midi.engine import Action
from daw_bridge.midi.jack_ports import choose_api, jack_ports
from daw_bridge.midi.opening import map_shelf, midi_hub, midi_ports
from daw_bridge.midi.targets import read_setting
from osc_server.contract.errors import StorageFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    import mido

    from daw_bridge.midi.device_map import Setting
    from daw_bridge.midi.hub import MidiHub

Run = Callable[[Coroutine[Any, Any, Any]], Any]
"""Runs work to its end, or until Ctrl-C."""


def add_midi_commands(app: typer.Typer, run: Run, console: Callable[[], Console]) -> None:
    """Add ``midi`` with its own commands.

    Args:
        app: the front door.
        run: runs what a command does.
        console: makes the terminal that it writes to.
    """
    group = typer.Typer(
        help="See what controllers play, hear what they send, and let them learn.",
        no_args_is_help=True,
    )

    @group.callback()
    def choose(midi_api: MidiApi = None, config: Config = None) -> None:
        choose_api(load_config({"midi_api": midi_api}, file=config).midi_api)

    @group.command("list")
    def list_() -> None:
        """List the controllers that are plugged in, and the map that each plays."""
        _list(console())

    @group.command()
    def monitor() -> None:
        """Print what every controller sends and what that does, until Ctrl-C."""
        run(_monitor(console()))

    @group.command()
    def learn(
        address: Annotated[str, typer.Argument(help="such as /magnet/deck/1/level")],
        value: Annotated[str, typer.Argument(help="what a press sets it to, if it needs one")] = "",
    ) -> None:
        """Give a parameter to the control that you move next; kept at once."""
        run(_learn(address, read_setting(value), console()))

    app.add_typer(group, name="midi")


def _list(screen: Console) -> None:
    shelf, ports = map_shelf(), midi_ports()
    assigned = shelf.assign(ports.inputs)
    table = Table("MIDI port", "map", "", box=None)
    for name in ports.inputs:
        device_map = assigned.get(name)
        if device_map is None:
            table.add_row(Text(name), Text("none", "dim"), "")
        else:
            table.add_row(Text(name), Text(device_map.name), Text(device_map.description))
    screen.print(table if ports.inputs else "no controller is plugged in")
    for problem in shelf.problems:
        screen.print(problem, style="yellow", markup=False, soft_wrap=True)
    screen.print(f"your own maps: {shelf.own_folder}", style="dim", markup=False, soft_wrap=True)


async def _monitor(screen: Console) -> None:
    def show(port: str, message: mido.Message) -> None:
        if message.type not in ("clock", "active_sensing"):  # dozens a second
            screen.print(f"{port}: {message}", markup=False, soft_wrap=True)

    def act(action: Action) -> None:
        value = action.value if isinstance(action.value, str) else f"{action.value:.6g}"
        screen.print(f"  {action.address} {value}", style="green", markup=False, soft_wrap=True)

    with _hub(act, screen, hears_all=True) as hub:
        hub.listen(show)
        await hub.watch()


async def _learn(address: str, value: Setting | None, screen: Console) -> None:
    kept: asyncio.Future[Path | None] = asyncio.get_running_loop().create_future()
    with _hub(lambda action: None, screen) as hub:
        hub.learn(address, value, kept.set_result)
        watching = asyncio.ensure_future(hub.watch())
        await asyncio.wait((watching, kept), return_when=asyncio.FIRST_COMPLETED)
        if watching.done():
            watching.result()  # raises why there is no MIDI
        watching.cancel()
        if not kept.done() or kept.result() is None:
            raise StorageFailed(f"{address} was not learned")


@contextmanager
def _hub(
    act: Callable[[Action], None], screen: Console, *, hears_all: bool = False
) -> Iterator[MidiHub]:
    def say(sentence: str) -> None:
        screen.print(sentence, markup=False, soft_wrap=True)

    hand_over = asyncio.get_running_loop().call_soon_threadsafe
    jack = jack_ports()
    hub = midi_hub(act, say, hand_over, jack, hears_all=hears_all)
    try:
        yield hub
    finally:
        hub.close()
        if jack is not None:
            jack.close()
