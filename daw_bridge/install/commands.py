"""``magnet-bridge install`` and ``uninstall``: what lives inside the hosts."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import platformdirs
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

import daw_bridge.integrations
from daw_bridge.config import APPLICATION
from daw_bridge.install.host import Host, Places
from daw_bridge.install.hosts import HOSTS
from daw_bridge.install.installing import Installer, Look, product_version
from daw_bridge.install.records import Records
from osc_server.contract.errors import BadRequest

_NAMES = ", ".join(host.name for host in HOSTS)
_Folder = Annotated[
    Path | None, typer.Option(help="the host's own folder, where it is not the usual one")
]


def add_install_commands(app: typer.Typer, console: Callable[[], Console]) -> None:
    """Add ``install`` and ``uninstall``.

    Args:
        app: the front door.
        console: makes the terminal that they write to.
    """

    @app.command()
    def install(
        host: Annotated[str, typer.Argument(help=f"{_NAMES}; none = list them")] = "",
        folder: _Folder = None,
    ) -> None:
        """Put what lives inside a DAW or patch into it, or bring it up to date."""
        if host:
            _install(_host(host), folder, console())
        else:
            console().print(host_table(look_around()))

    @app.command()
    def uninstall(
        host: Annotated[str, typer.Argument(help=_NAMES)], folder: _Folder = None
    ) -> None:
        """Take away what install has put into a host."""
        _uninstall(_host(host), folder, console())


def this_installer() -> Installer:
    """The one of this computer and this user."""
    sources = Path(daw_bridge.integrations.__file__).parent
    records = platformdirs.user_data_path(APPLICATION, appauthor=False) / "installed"
    return Installer(sources, Places.of_this_computer(), Records(records))


def look_around() -> list[Look]:
    """What every host looks like here; raises StorageFailed where a record cannot be read."""
    installer = this_installer()
    return [installer.look(host) for host in HOSTS]


def host_table(looks: Sequence[Look]) -> Table:
    """The hosts: where each is, and what of ours is in it."""
    table = Table("name", "host", "its folder", "installed", box=None, pad_edge=False)
    for look in looks:
        where = look.installed[0].folder if look.installed else look.folder
        table.add_row(
            Text(look.host.name, "bold" if look.installed else ""),
            Text(look.host.title),
            Text(str(where) if where else "not found", overflow="fold"),
            Text(_state(look)),
        )
    return table


def _state(look: Look) -> str:
    if not look.installed:
        return "no"
    versions = " and ".join(dict.fromkeys(entry.version for entry in look.installed))
    if look.damaged:
        return f"{versions}, but {len(look.damaged)} files were changed or removed since"
    if versions != product_version():
        return f"{versions}; this is {product_version()}: install again"
    return versions


def _host(name: str) -> Host:
    for host in HOSTS:
        if name.lower() in (host.name, host.title.lower()):
            return host
    near = difflib.get_close_matches(name.lower(), [host.name for host in HOSTS], 1)
    hint = f"did you mean {near[0]}? " if near else ""
    raise BadRequest(f"there is no host {name!r} here: {hint}choose one of {_NAMES}")


def _install(host: Host, folder: Path | None, console: Console) -> None:
    for change in this_installer().install(host, folder):
        n_files = "1 file" if change.n_files == 1 else f"{change.n_files} files"
        console.print(f"{host.title}: {n_files} in {change.folder}", markup=False, soft_wrap=True)
        for path in change.kept:
            console.print(f"what you had changed is kept: {path}", markup=False, soft_wrap=True)
    console.print(host.advice, markup=False)


def _uninstall(host: Host, folder: Path | None, console: Console) -> None:
    for change in this_installer().uninstall(host, folder):
        text = f"{host.title}: {change.n_files} files taken out of {change.folder}"
        console.print(text, markup=False, soft_wrap=True)
        for path in change.kept:
            console.print(f"left, since you have changed it: {path}", markup=False, soft_wrap=True)
