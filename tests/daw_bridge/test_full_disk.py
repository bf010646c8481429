"""A disk that fills up under a live set: the loop goes on, and takes come once there is room."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from daw_bridge.server_process import free_port
from tests.daw_bridge.programs import running
from tests.tools import require_small_disk

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="mounts a small disk")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of three megabytes."""
    folder = tmp_path / "clips"
    folder.mkdir()
    require_small_disk(folder, megabytes=3)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_loop_plays_on_beside_a_full_disk_and_new_takes_come_once_there_is_room(
    tmp_path, small_disk
):
    flags = ["--port", str(free_port()), "--model", "tone", "--clips", str(small_disk)]
    arguments = ["live", "pad", "--bars", "1", "--bpm", "240", "--every", "1", *flags]
    with running(*arguments, folder=tmp_path) as program:
        program.expect("playing +pad")
        full = program.expect("message +no room to write to", seconds=60)
        played = sorted(small_disk.glob("*.wav"))
        assert played
        for path in small_disk.iterdir():
            if path.is_file() and path.stem.split(".")[0] != played[-1].stem:
                os.unlink(path)
        program.expect("message +seed", after=full, seconds=60)
        assert "the model broke" not in program.text
        assert "Traceback" not in program.text
    assert not list(small_disk.glob("*.part"))
