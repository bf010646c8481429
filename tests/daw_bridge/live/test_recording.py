"""Recording switched over the panel, with the files that it leaves."""

from __future__ import annotations

import numpy as np
import soundfile

from daw_bridge.live.panel import Control
from daw_bridge.live.recording import Recording
from tests.daw_bridge.live.sets import BAR, play


def test_recording_is_switched_like_a_fader_and_says_where_its_files_are(tmp_path):
    async def talk(live):
        recording = Recording(live.rig, live.state, lambda: tmp_path / "one")
        control = Control(lambda _: recording.on, lambda _, on: recording.switch(on))
        live.panel.add({"/magnet/mix/record": control})
        await live.take(2, 0.5)
        live.send("mix/record", 1)
        lit = live.ask("mix/record")
        heard = live.hear(BAR)
        live.send("mix/record", 0)
        await recording.close()
        return lit, heard, live.ask("mix/record"), live.state.message

    lit, heard, dark, message = play(talk)
    assert (lit, dark) == (1, 0)
    assert "recorded 2 files" in message
    mix, rate_hz = soundfile.read(tmp_path / "one" / "mix.wav", dtype="float32")
    assert rate_hz == 48000
    assert np.array_equal(mix, heard)
    assert (soundfile.read(tmp_path / "one" / "deck-2.wav")[0] == 0.5).all()
