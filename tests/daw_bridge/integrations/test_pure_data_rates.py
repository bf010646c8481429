"""Pure Data at rates of its own, headless: a clip plays at its speed, made at whatever rate."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

from daw_bridge.server_process import free_port
from tests.daw_bridge.integrations.hosts import Host, host
from tests.daw_bridge.integrations.listening import (
    Channel,
    find,
    read_clip,
    samples_alike,
)
from tests.daw_bridge.integrations.test_pure_data import FADE, FOLDER, Commands
from tests.osc_server.servers import Wire
from tests.tools import require_tool

pytestmark = [pytest.mark.pd]

BPM = 347
BAR_SECONDS = 240 / BPM

# A player on a tape; audio-dialog with a rate is what Pd's settings send when they are closed.
PATCH = r"""#N canvas 0 0 600 400 12;
#X declare -path {folder};
#X obj 10 10 netreceive -u {commands};
#X obj 10 40 route player tape rate;
#X obj 10 100 magnet~ {server};
#X obj 200 100 writesf~ 1;
#X obj 10 150 print player;
#X obj 300 10 loadbang;
#X msg 300 40 \; pd dsp 1;
#X obj 400 40 print up;
#X msg 300 100 \; pd audio-dialog 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 \$1 25 0 64;
#X connect 0 0 1 0;
#X connect 1 0 2 0;
#X connect 1 1 3 0;
#X connect 1 2 8 0;
#X connect 2 0 3 0;
#X connect 2 3 4 0;
#X connect 5 0 6 0;
#X connect 5 0 7 0;
"""


@dataclass(frozen=True, slots=True)
class Ready:
    """A clip that Pd was told of."""

    id: str
    clip: str
    path: str
    rate: int

    @classmethod
    def of(cls, line: str) -> Ready:
        said, _, figures = line.partition(".wav ")
        request_id, clip, path = said.removeprefix("player: ready ").split(" ", 2)
        return cls(request_id, clip, path.replace("\\ ", " ") + ".wav", int(figures.split()[7]))


class Player:
    """``magnet~`` in a running Pd, and a tape of what it plays."""

    def __init__(self, pd: Host, say: Commands, folder: Path) -> None:
        self._pd, self._say, self._folder = pd, say, folder
        self._n_tapes = 0

    def do(self, *messages: str) -> None:
        self._say(*(f"player {message}" for message in messages))

    def rate(self, rate_hz: int) -> None:
        self._say(f"rate {rate_hz}")

    def wait_for(self, pattern: str) -> str:
        return self._pd.wait_for(pattern)[0]

    def passes(self, n: int) -> None:
        """Wait until so many more have begun."""
        self._pd.wait_for("^player: loop", times=n, since=len(self._pd.lines))

    @property
    def ready(self) -> list[Ready]:
        return [Ready.of(line) for line in self._pd.lines if line.startswith("player: ready")]

    def until_ready(self, n: int) -> Ready:
        """What the ``n``-th clip in all is."""
        self._pd.wait_for("^player: ready", times=n)
        return self.ready[n - 1]

    def record(self, passes: int = 4) -> Channel:
        """What is heard until so many passes have begun."""
        self._n_tapes += 1
        tape = self._folder / f"tape-{self._n_tapes}.wav"
        self._say(f"tape open -bytes 4 {tape}", "tape start")
        self.passes(passes)
        self._say("tape stop")
        for _ in range(200):  # Pd writes down how long it is when it has stopped
            heard = soundfile.read(tape, dtype="float32")[0] if tape.exists() else []
            if len(heard):
                return np.asarray(heard)
            time.sleep(0.05)
        raise AssertionError("nothing was written")


@contextmanager
def playing(server_port: int, folder: Path, rate_hz: int) -> Iterator[Player]:
    commands = free_port()
    patch = folder / "rates.pd"
    patch.write_text(PATCH.format(folder=FOLDER, commands=commands, server=server_port))
    pd = [require_tool("pd", package="puredata-core"), "-nogui", "-stderr", "-nomidi", "-noaudio"]
    with host([*pd, "-r", str(rate_hz), "-open", str(patch)], os.environ) as running:
        running.wait_for("^up: bang")
        player = Player(running, Commands(commands), folder)
        player.do("bars 1", f"bpm {BPM}", "prompt bass", "seed 5")
        yield player
        assert [line for line in running.lines if "error" in line] == []


def made_elsewhere(server_port: int, rate_hz: int) -> str:
    """The id of a clip that another host has asked for at its own rate."""
    with Wire(server_port) as other:
        _, args = other.generate(1, "lead", "bars", 1, "bpm", BPM, "seed", 9, "rate", rate_hz)
    return str(args[1])


def plays(player: Player, clip: Ready) -> None:
    """What is heard, once a pass has ended, are this clip's samples, pass after pass."""
    player.passes(2)
    samples = read_clip(clip.path)
    heard = player.record()
    begin = find(samples, heard, 0, len(samples))
    assert samples_alike(samples, heard, begin) >= 2 * len(samples) - FADE


@pytest.mark.parametrize("rate_hz", [22050, 88200, 44101])
def test_a_clip_is_made_for_the_rate_that_pd_runs_at(
    server_port: int, tmp_path: Path, rate_hz: int
) -> None:
    with playing(server_port, tmp_path, rate_hz) as player:
        player.do("start", "generate")
        clip = player.until_ready(1)
        assert clip.rate == rate_hz
        assert len(read_clip(clip.path)) == round(BAR_SECONDS * rate_hz)
        plays(player, clip)


def test_a_clip_of_another_rate_is_recalled_at_pds_own(server_port: int, tmp_path: Path) -> None:
    foreign = made_elsewhere(server_port, 48000)
    with playing(server_port, tmp_path, 22050) as player:
        player.do("start", f"get {foreign}")
        clip = player.until_ready(1)
        assert (clip.clip, clip.rate) == (foreign, 22050)
        assert len(read_clip(clip.path)) == round(BAR_SECONDS * 22050)
        plays(player, clip)


def test_an_infill_of_a_clip_of_another_rate_is_heard_at_pds_own_and_said_once(
    server_port: int, tmp_path: Path
) -> None:
    foreign = made_elsewhere(server_port, 48000)
    with playing(server_port, tmp_path, 88200) as player:
        player.do("start", f"clip {foreign}", "infill 0 2")
        clip = player.until_ready(1)
        assert (clip.id, clip.rate) == ("1", 88200)
        plays(player, clip)
        player.do("vary 0.3")  # from the infill, and from nothing that is older
        varied = player.until_ready(2)
        assert (varied.id, varied.rate) == ("2", 88200)
        assert len(player.ready) == 2
    sidecar = Path(varied.path).with_suffix(".json").read_text()
    assert clip.clip in sidecar


def test_a_loop_that_plays_comes_again_when_pds_rate_changes(
    server_port: int, tmp_path: Path
) -> None:
    with playing(server_port, tmp_path, 22050) as player:
        player.do("start", "generate")
        first = player.until_ready(1)
        player.wait_for("^player: loop")
        player.rate(44100)
        second = player.until_ready(2)
        assert (second.clip, second.rate) == (first.clip, 44100)
        assert len(read_clip(second.path)) == round(BAR_SECONDS * 44100)
        plays(player, second)
        player.rate(22050)
        assert player.until_ready(3).path == first.path
        plays(player, first)
        player.do("generate")  # a job goes on under its own id, whatever came again meanwhile
        assert player.until_ready(4).id == "2"


def test_a_rate_that_nobody_offers_is_said(server_port: int, tmp_path: Path) -> None:
    with playing(server_port, tmp_path, 4000) as player:
        player.do("generate")
        assert "8000 to 192000 Hz" in player.wait_for("^player: failed 1 bad_request .*").replace(
            "\\ ", " "
        )
