"""A host that exists in the tests alone, and what is installed into it."""

from __future__ import annotations

from pathlib import Path

import pytest

from daw_bridge.install.host import Host, Places
from daw_bridge.install.installing import Installer
from daw_bridge.install.records import Records

HOST = Host(
    "rig",
    "Rig One",
    "rig",
    (("scripts", "Scripts/magnet"), ("theme.txt", "Themes/magnet.txt")),
    lambda places: (places.home / "Rig", places.documents / "Rig"),
    "Switch it on.",
)
NAMES = {"Scripts/magnet/land.lua", "Scripts/magnet/deep/words.py", "Themes/magnet.txt"}


class Bench:
    """An installer, a home folder and sources that a test may change."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.rig = self.home / "Rig"
        self.sources = folder / "sources"
        self.records = folder / "records"
        self.installer = Installer(
            self.sources, Places(self.home, "Linux", {}), Records(self.records)
        )
        self.home.mkdir()
        self.write("scripts/land.lua", "land 1")
        self.write("scripts/deep/words.py", "words 1")
        self.write("scripts/deep/__pycache__/words.cpython-311.pyc", "compiled")
        self.write("theme.txt", "theme 1")

    def write(self, name: str, text: str) -> None:
        path = self.sources / "rig" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def files(self) -> dict[str, str]:
        """What the host's folder holds."""
        return {
            path.relative_to(self.rig).as_posix(): path.read_text()
            for path in sorted(self.rig.rglob("*"))
            if path.is_file()
        }


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A bench whose host has been started once."""
    bench = Bench(tmp_path)
    bench.rig.mkdir()
    return bench
