"""Live beside ``magnet-bridge live``: jobs pass through it, and it hears Live's clock."""

from __future__ import annotations

import time
from pathlib import Path

from daw_bridge.server_process import free_port
from tests.daw_bridge.integrations.ableton.live_set import LiveSet, Quantization
from tests.daw_bridge.integrations.ableton.rig import Asker, live
from tests.daw_bridge.programs import running
from tests.osc_server.servers import Wire


def test_clips_land_through_the_bridge_and_its_decks_take_lives_tempo_and_quantum(
    tmp_path: Path,
) -> None:
    port, listen, live_set = free_port(), free_port(), LiveSet()
    live_set._tempo, live_set._quantization = 97.25, Quantization(3)
    flags = ["--port", str(port), "--model", "tone", "--clips", str(tmp_path / "clips")]
    with (
        running("live", *flags, folder=tmp_path),
        live(tmp_path, live_set, port=port, listen=listen) as host,
        Asker(listen) as me,
        Wire(port) as surface,
    ):
        me.say("generate", 1, "prompt", "bass", "bars", 1, "takes", 2)
        host.run_until(lambda: len(me.all("landed")) == 2, seconds=60.0)
        assert me.all("failed") == []
        clip = live_set.tracks[0].clip_slots[0].clip
        assert clip.name.startswith("bass · 1 bar · 97.25 BPM")
        for word, value in (("bpm", 97.25), ("quantum", "2 bars")):
            surface.send(f"clock/{word}")
            address, args = surface.until(f"clock/{word}")[-1]
            assert (address, *args) == (f"clock/{word}", value)


class Playing:
    """Lives whose songs run in real time, each called as Live calls its scripts."""

    def __init__(self, *hosts, bpm) -> None:
        self.hosts, self._bpm = hosts, bpm
        self._began = time.monotonic()

    def run_until(self, done, seconds: float = 30.0) -> None:
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end, [host.shown[-5:] for host in self.hosts]
            for host, bpm in zip(self.hosts, self._bpm, strict=True):
                if host.surface._desk is not None:
                    host.set._time = (time.monotonic() - self._began) * bpm / 60
                    host.surface.update_display()
            time.sleep(0.1)

    def run_for(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        self.run_until(lambda: time.monotonic() > end, seconds + 10.0)


def live_set_of(name: str, bpm: float, meter: tuple[int, int]) -> LiveSet:
    live_set = LiveSet()
    live_set._name, live_set._tempo, live_set._meter = name, bpm, meter
    return live_set


def test_two_lives_on_one_bridge_do_not_disturb_each_other(tmp_path: Path) -> None:
    port, listen = free_port(), free_port()
    dub, waltz = live_set_of("dub", 97.25, (4, 4)), live_set_of("waltz", 140.5, (3, 4))
    flags = ["--port", str(port), "--model", "tone", "--clips", str(tmp_path / "clips")]
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with (
        running("live", *flags, folder=tmp_path) as bridge,
        live(tmp_path / "one", dub, port=port, listen=listen) as first,
        live(tmp_path / "two", waltz, port=port, listen=listen + 100) as second,
    ):
        lives = Playing(first, second, bpm=(97.25, 140.5))

        def heard(word: str) -> object:
            with Wire(port) as surface:  # a new one, which no feedback has reached yet
                surface.send(f"clock/{word}")
                return surface.receive()[1][0]

        def leads(name: str) -> bool:
            return heard("name") == f"Live: {name}"

        bridge.expect("server +tone", seconds=60.0)
        dub._playing = True
        lives.run_until(lambda: leads("dub"))
        bridge.expect(r"osc \(Live: dub\) leads the clock: 97.25 BPM")
        waltz._playing = True
        told = "MAGNeT: Live: dub tells the time here: you are followed when it stops or goes"
        lives.run_until(lambda: told in second.shown)
        bridge.expect("Live: waltz tells the time too: it waits until Live: dub stops")
        lives.run_for(2.0)
        assert (heard("bpm"), heard("meter"), leads("dub")) == (97.25, "4/4", True)
        assert second.shown.count(told) == 1
        assert not any("tells the time" in line for line in first.shown)

        dub._playing = False
        lives.run_until(lambda: leads("waltz"))
        assert (heard("bpm"), heard("meter")) == (140.5, "3/4")
        dub._playing = True
        lives.run_until(lambda: any("Live: waltz tells the time here" in s for s in first.shown))
        second.vanish()
        lives.run_until(lambda: leads("dub"), seconds=6.0)
        assert (heard("bpm"), heard("meter")) == (97.25, "4/4")
