"""Live beside ``magnet-bridge live``: jobs pass through it, and it hears Live's clock."""

from __future__ import annotations

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
