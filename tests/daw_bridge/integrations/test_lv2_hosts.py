"""The LV2 plugin in real hosts without a display: jalv on JACK, and Ardour."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from daw_bridge.server_process import free_port
from tests.daw_bridge.integrations.hosts import recording
from tests.daw_bridge.integrations.lv2 import URI, Built, Song, build, read_clip, repeated
from tests.daw_bridge.integrations.lv2_ardour import environment, export, make_session
from tests.daw_bridge.servers import RunningServer, running_server
from tests.tools import JackServer, end, require_tool, running_jack


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(tmp_path_factory.mktemp("lv2"))


@pytest.mark.ardour
@pytest.mark.parametrize("song", [Song(48000, 120), Song(44100, 128.3, 6, 8)], ids=str)
def test_ardour_exports_the_clip_itself_from_the_first_sample_on_even_without_a_server(
    built: Built, tmp_path: Path, song: Song
) -> None:
    with running_server(tmp_path) as server:
        env = environment(built.bundle.parent, tmp_path, server.port)
        session = make_session(tmp_path, song, server.clips, env)
        made = max(server.clips.glob("*.wav"))
        clip = read_clip(server.clips, made.stem)
    sidecar = json.loads(made.with_suffix(".json").read_text("utf-8"))
    assert song.bpm == pytest.approx(float(sidecar["request"]["bpm"]))
    heard = export(session, 8, {**env, "MAGNET_PORT": str(free_port())})
    assert len(heard) == 8 * song.rate_hz
    assert np.abs(clip).max() > 0.1
    relock, turn = round(0.0015 * song.rate_hz), 0
    while (ends := song.bar_starts(turn + 1)) <= len(heard):
        begins = song.bar_starts(turn)
        sure = ends - begins if ends - begins == len(clip) else len(clip) - relock - 1
        assert np.array_equal(heard[begins : begins + sure], clip[:sure])
        turn += 1
    assert turn > 3


class Jalv:
    """jalv, typed to."""

    def __init__(self, jack: JackServer, bundles: Path, port: int, *options: str) -> None:
        program = require_tool("jalv", package="jalv")
        env = {**jack.environment, "LV2_PATH": str(bundles), "MAGNET_PORT": str(port)}
        command = [program, "-n", "loop", "-x", *options, URI]
        self.lines = bundles / "jalv.txt"
        with self.lines.open("wb") as out:
            self.process = subprocess.Popen(
                command, env=env, stdin=subprocess.PIPE, stdout=out, stderr=subprocess.STDOUT
            )

    def type(self, line: str) -> None:
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def wait_for_state(self, *states: int, seconds: float = 120.0) -> None:
        """Ask for the output ports until the state is one of these."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.type("monitors")
            time.sleep(0.2)
            said = [line for line in self.lines.read_text().splitlines() if "state = " in line]
            if said and int(float(said[-1].rpartition("=")[2])) in states:
                return
        raise AssertionError(self.lines.read_text()[-2000:])


@contextmanager
def jalv(jack: JackServer, bundles: Path, port: int, *options: str) -> Iterator[Jalv]:
    running = Jalv(jack, bundles, port, *options)
    try:
        yield running
    finally:
        running.process.stdin.close()
        end(running.process)


@pytest.mark.jack
def test_in_jalv_on_jack_it_plays_the_clip_on_the_transports_beat(
    built: Built, tone_server: RunningServer, tmp_path: Path
) -> None:
    before = set(tone_server.clips.glob("*.wav"))
    with (
        running_jack(tmp_path, patient=True) as jack,
        jalv(jack, built.bundle.parent, tone_server.port) as host,
    ):
        host.wait_for_state(1)
        for line in ("preset = 1", "bars = 1", "tempo = 150", "generate = 1"):
            host.type(line)
        host.wait_for_state(6)
        (made,) = set(tone_server.clips.glob("*.wav")) - before
        with recording(jack, ["loop:left", "loop:right"], tmp_path / "heard.wav") as tape:
            transport = require_tool("jack_transport", package="jackd2")
            for command in ("locate 0", "play"):
                subprocess.run(
                    [transport],
                    input=f"{command}\nquit\n".encode(),
                    env=jack.environment,
                    check=True,
                    stdout=subprocess.DEVNULL,
                    timeout=20,
                )
            host.wait_for_state(5)
            time.sleep(4)
            heard = tape.finish()
    clip = read_clip(tone_server.clips, made.stem)
    assert len(clip) == Song(48000, 150).bar_starts(1)
    start = int(np.flatnonzero(np.abs(heard).max(axis=1) > 1e-6)[0])
    start -= int(np.flatnonzero(np.abs(clip).max(axis=1) > 1e-6)[0])
    whole = heard[start:]
    assert len(whole) > 2 * len(clip)
    assert np.array_equal(whole, repeated(clip, 0, range(len(whole))))
