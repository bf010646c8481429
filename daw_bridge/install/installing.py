"""Installing into a host, updating, uninstalling, and saying what is installed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePosixPath

from daw_bridge.delivery.folder_sink import free_path
from daw_bridge.install.copying import put_whole, take_away
from daw_bridge.install.host import Host, Places
from daw_bridge.install.records import Installed, Records, sha256
from osc_server.contract.errors import BadRequest


@dataclass(frozen=True, slots=True)
class Change:
    """What installing or uninstalling did in one folder of a host.

    Attributes:
        folder: of the host.
        n_files: put there, or taken away.
        kept: what the musician had changed, or had there before, and where it is now.
    """

    folder: Path
    n_files: int
    kept: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """What a host looks like on this computer.

    Attributes:
        host: which one.
        folder: the first of its folders that is there; None where none is.
        installed: what is installed into it, one entry a folder.
        damaged: installed files that are gone or changed.
    """

    host: Host
    folder: Path | None
    installed: tuple[Installed, ...]
    damaged: tuple[Path, ...]

    @property
    def up_to_date(self) -> bool:
        """Whether all that is installed is whole and of this version."""
        return not self.damaged and all(e.version == product_version() for e in self.installed)


class Installer:
    """Puts the integrations into hosts.

    Args:
        sources: the folder of the integrations.
        places: where this computer keeps things.
        records: what was installed before.
    """

    def __init__(self, sources: Path, places: Places, records: Records) -> None:
        self._sources = sources
        self._places = places
        self._records = records

    def look(self, host: Host) -> Look:
        """What a host looks like here; raises StorageFailed where that cannot be read."""
        installed = tuple(self._records.of(host.name))
        damaged = tuple(
            entry.folder / name
            for entry in installed
            for name in entry.files
            if entry.state_of(name) != "ours"
        )
        there = [folder for folder in host.folders(self._places) if folder.is_dir()]
        return Look(host, there[0] if there else None, installed, damaged)

    def install(self, host: Host, folder: Path | None = None) -> list[Change]:
        """Put everything of a host into it, or bring it up to date wherever it is.

        Args:
            host: which one.
            folder: the host's folder, where it is an unusual one.

        Raises:
            BadRequest: where the host's folder is not there.
            StorageFailed: where it cannot be written; everything is as it was then.
        """
        contents = dict(self._contents(host))
        return [self._put(host, place, contents) for place in self._targets(host, folder)]

    def uninstall(self, host: Host, folder: Path | None = None) -> list[Change]:
        """Take away what was installed, but for what was changed since.

        Raises:
            BadRequest: where nothing is installed there.
            StorageFailed: where something cannot be removed.
        """
        wanted = None if folder is None else folder.expanduser().absolute()
        entries = [entry for entry in self._records.of(host.name) if wanted in (None, entry.folder)]
        if not entries:
            where = "" if wanted is None else f" in {wanted}"
            raise BadRequest(f"nothing of ours is installed for {host.title}{where}")
        return [self._take(host, entry) for entry in entries]

    def _targets(self, host: Host, folder: Path | None) -> list[Path]:
        if folder is not None:
            if not folder.expanduser().is_dir():
                raise BadRequest(f"{folder} is not a folder: name the one that {host.title} uses")
            return [folder.expanduser().absolute()]
        look = self.look(host)
        if known := [entry.folder for entry in look.installed if entry.folder.is_dir()]:
            return known
        usual = host.folders(self._places)
        if look.folder is None and not host.makes_folder:
            raise BadRequest(
                f"{host.title} was not found: there is no {' and no '.join(map(str, usual))}. "
                "Start it once so that it makes its folders, or name the folder with --folder"
            )
        return [look.folder or usual[0]]

    def _contents(self, host: Host) -> Iterator[tuple[str, bytes]]:
        """What goes where: paths under the host's folder, with slashes, and their content."""
        for target, text in host.written:
            yield target, text().encode()
        if host.build is not None:
            yield from host.build(self._sources / host.source, self._places).items()
        for inside, target in host.files:
            source = self._sources / host.source / inside
            if source.is_file():
                yield target, source.read_bytes()
                continue
            for path in sorted(source.rglob("*")):
                if path.is_file() and "__pycache__" not in path.parts:
                    inner = path.relative_to(source).as_posix()
                    yield PurePosixPath(target, inner).as_posix(), path.read_bytes()

    def _put(self, host: Host, folder: Path, contents: Mapping[str, bytes]) -> Change:
        before = next(
            (entry for entry in self._records.of(host.name) if entry.folder == folder),
            Installed(folder, ""),
        )
        new = {name: sha256(content) for name, content in contents.items()}
        mine = [name for name in new if _is_somebodys(before, name, new[name])]
        keep = {folder / name: _kept_name(folder / name) for name in mine}
        written = {folder / name: content for name, content in contents.items()}
        made = put_whole(written, keep)
        dropped = [name for name in before.files if name not in new]
        left = [folder / name for name in dropped if before.state_of(name) == "changed"]
        all_made = dict.fromkeys((*before.made, *map(str, made)))
        self._records.keep(host.name, Installed(folder, product_version(), new, tuple(all_made)))
        for name in dropped:
            if before.state_of(name) == "ours":
                take_away(folder / name)
        return Change(folder, len(new), (*keep.values(), *left))

    def _take(self, host: Host, entry: Installed) -> Change:
        ours = [name for name in entry.files if entry.state_of(name) == "ours"]
        changed = [entry.folder / n for n in entry.files if entry.state_of(n) == "changed"]
        for name in ours:
            take_away(entry.folder / name)
        for folder in reversed(entry.made):
            _remove_if_empty(Path(folder))
        self._records.keep(host.name, replace(entry, files={}))
        return Change(entry.folder, len(ours), tuple(changed))


def product_version() -> str:
    """Version of the installed product."""
    try:
        return version("magnet-bridge")
    except PackageNotFoundError:  # run from a folder that was never installed
        return "unknown"


def _is_somebodys(before: Installed, name: str, new: str) -> bool:
    """Whether a file is there that is neither what we put there nor what we would put there."""
    path = before.folder / name
    if not path.is_file() or sha256(path.read_bytes()) == new:
        return False
    return name not in before.files or before.state_of(name) == "changed"


def _kept_name(path: Path) -> Path:
    """A free name beside a file; its ending is one that no host takes for its own."""
    return free_path(path.with_name(f"{path.name}.yours"))


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:  # not empty: there is something of somebody else in it
        return
