"""Runs the scripts for Reaper under a real Lua, in the stand-in for Reaper."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import daw_bridge.integrations
from tests.daw_bridge.programs import environment
from tests.tools import require_tool

STAND_IN = Path(__file__).parent / "stand_in"
SCRIPTS = Path(daw_bridge.integrations.__path__[0]) / "reaper"
BRIDGE = f'"{sys.executable}" -m daw_bridge.cli'
LUAS = ("lua5.4", "lua5.3")
"""Reaper 7 has Lua 5.4, Reaper 6 has 5.3."""


@dataclass(frozen=True, slots=True)
class Reaper:
    """A computer with the stand-in for Reaper.

    Attributes:
        folder: of everything that it writes.
        port: of the server.
        lua: which Lua runs the scripts.
        scripts: the folder of the scripts.
    """

    folder: Path
    port: int
    lua: str = LUAS[0]
    scripts: Path = SCRIPTS

    @property
    def resources(self) -> Path:
        """Reaper's own folder, where the scripts hand their orders over."""
        return self.folder / "resources"

    def run(self, scenario: str, *, command: str = BRIDGE, seconds: float = 120) -> dict[str, Any]:
        """Play a scenario, a piece of Lua with ``s`` for its means; what it reports at last."""
        process = self.start(scenario, command=command)
        out, err = process.communicate(timeout=seconds)
        assert process.returncode == 0, f"{err}\n{self.words_of_the_bridge()}"
        return json.loads(out.splitlines()[-1])

    def start(self, scenario: str, *, command: str = BRIDGE) -> subprocess.Popen[str]:
        """The same as a process of its own."""
        lua = require_tool(self.lua, package=self.lua)
        self.resources.mkdir(parents=True, exist_ok=True)
        file = self.folder / "scenario.lua"
        file.write_text(f"{self._beginning(command)}\n{scenario}\ns.report()\n")
        return subprocess.Popen(
            [lua, str(file)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env=environment(self.folder, {"MAGNET_PORT": str(self.port)}),
        )

    def _beginning(self, command: str) -> str:
        return f"""
package.path = [[{STAND_IN.as_posix()}/?.lua;]] .. package.path
s = require("scenario")
s.scripts = [[{self.scripts.as_posix()}]]
s.world.resources = [[{self.resources.as_posix()}]]
s.set({{ command = [[{command}]] }})
"""

    def words_of_the_bridge(self) -> str:
        """What stands in the folders that are shared with the bridge: for a test that fails."""
        files = sorted((self.resources / "magnet-bridge").rglob("*.txt"))
        return "\n".join(f"{file.name}: {file.read_text()}" for file in files)


def items_of(report: dict[str, Any], track: str) -> list[dict[str, Any]]:
    """The items on a track, by its name: in the order of their time, as Reaper counts them."""
    items = next(each["items"] for each in report["tracks"] if each["name"] == track)
    return sorted(items, key=lambda item: float(item["values"]["D_POSITION"]))
