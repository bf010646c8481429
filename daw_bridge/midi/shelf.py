"""Which map plays which port."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from daw_bridge.midi.device_map import DeviceMap
from daw_bridge.midi.map_reading import SUFFIX, read_map
from osc_server.contract.errors import BadRequest, StorageFailed

Signature = tuple[tuple[str, int, int], ...]


def built_in_maps() -> Path:
    """Where the maps that come with the product lie: beside the packages, or in the wheel."""
    packages = Path(str(files("osc_server")))
    checkout = packages.parent
    if (checkout / "pyproject.toml").is_file():
        return checkout / "presets"
    return packages / "_presets"


class MapShelf:
    """The maps of the musician, and those that come with the product.

    A file of the musician with the name of a built-in one replaces it. Every other of their files
    that fits a port is laid over the built-in map: what it says of a control holds, the rest stays.

    Args:
        own: the musician's folder; it need not exist.
        built_in: the product's.
    """

    def __init__(self, own: Path, built_in: Path) -> None:
        self._own = own
        self._built_in = built_in
        self._over: list[DeviceMap] = []
        self._base: list[DeviceMap] = []
        self._signature: Signature | None = None
        self.problems: tuple[str, ...] = ()

    @property
    def own_folder(self) -> Path:
        """Where the musician's maps lie, learned ones among them."""
        return self._own

    def maps(self) -> tuple[DeviceMap, ...]:
        """All of them, the musician's first."""
        return (*self._over, *self._base)

    def refresh(self) -> bool:
        """Read the files again if any was changed.

        Returns:
            Whether any was. What is wrong with files is in ``problems``; they are left out.
        """
        own, built_in = _paths(self._own), _paths(self._built_in)
        signature = _signature([*own.values(), *built_in.values()])
        if signature == self._signature:
            return False
        self._signature = signature
        problems: list[str] = []
        replacing = [path for name, path in own.items() if name in built_in]
        base = [own.get(name, path) for name, path in built_in.items()]
        self._over = _read([p for p in own.values() if p not in replacing], problems)
        self._base = _read(base, problems)
        self.problems = tuple(problems)
        return True

    def assign(self, ports: Sequence[str]) -> dict[str, DeviceMap]:
        """The map of each port that has one.

        A device may have several ports that a map's patterns fit (on Windows they are told apart by
        a number only): those of its best pattern are taken.
        """
        assigned: dict[str, DeviceMap] = {}
        known: set[str] = set()
        for device_map in self._base:
            ranks = {port: device_map.rank(port) for port in ports if port not in known}
            found = {port: rank for port, rank in ranks.items() if rank is not None}
            known |= set(found)
            best = min(found.values(), default=0)
            assigned |= {port: device_map for port, rank in found.items() if rank == best}
        for over in self._over:
            for port in ports:
                if over.rank(port) is not None:
                    base = assigned.get(port)
                    assigned[port] = over if base is None else base.under(over)
        return assigned


def _paths(folder: Path) -> Mapping[str, Path]:
    return {path.name: path for path in sorted(folder.glob(f"*{SUFFIX}"))}


def _signature(paths: Sequence[Path]) -> Signature:
    found = []
    for path in paths:
        try:
            stat = path.stat()
        except OSError:  # taken away since the folder was read
            continue
        found.append((str(path), stat.st_mtime_ns, stat.st_size))
    return tuple(found)


def _read(paths: Sequence[Path], problems: list[str]) -> list[DeviceMap]:
    maps = []
    for path in paths:
        try:
            maps.append(read_map(path))
        except (BadRequest, StorageFailed) as error:
            problems.append(str(error))
    return maps
