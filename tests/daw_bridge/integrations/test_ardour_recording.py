"""The live set into a track of Ardour: recorded through JACK while its transport rolls."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
import soundfile

from daw_bridge.delivery.ardour.session import SUPERCLOCKS_PER_SECOND
from daw_bridge.server_process import free_port
from tests.daw_bridge.ardours import STEADY, make_session, running_ardour
from tests.daw_bridge.programs import running
from tests.daw_bridge.test_jack import assert_looped_exactly, clips_in
from tests.tools import require_portaudio, running_jack

pytestmark = [pytest.mark.ardour, pytest.mark.jack]

RATE_HZ = 48000
BPM = 150
PASSES = 3
SOURCE, TARGET = "PortAudio:out_0", "ardour:Mono/audio_in 1"


@pytest.fixture
def jack(tmp_path):
    """A JACK server that waits for whoever is late: what is judged is the bridge."""
    require_portaudio()
    with running_jack(tmp_path, patient=True) as server:
        yield server


def test_a_deck_is_recorded_into_a_track_sample_by_sample(jack, tmp_path):
    make_session(tmp_path, "song", RATE_HZ, STEADY.format(bpm=BPM))
    flags = ["--bars", "1", "--bpm", str(BPM), "--seed", "1", "--model", "tone"]
    flags += ["--port", str(free_port()), "--clips", str(tmp_path / "clips")]
    flags += ["--host-api", "jack"]
    with (
        running("live", "pad", *flags, folder=tmp_path, env=jack.environment) as program,
        running_ardour(jack, tmp_path, "song") as ardour,
    ):
        program.expect("playing +pad", seconds=60)
        jack.run("jack_connect", SOURCE, TARGET)
        ardour.send("/strip/recenable", 1, 1)
        ardour.send("/rec_enable_toggle")
        ardour.expect("/rec_enable_toggle", 1.0)
        ardour.send("/transport_play")
        ardour.expect("/transport_play", 1.0)
        ardour.listen(PASSES * 4 * 60 / BPM)
        ardour.send("/transport_stop")
        ardour.expect("/transport_stop", 1.0)
        ardour.listen(0.5)
        ardour.send("/save_state")
        ardour.listen(0.5)
    (loop,) = clips_in(tmp_path)
    (path,) = (tmp_path / "song/interchange/song/audiofiles").glob("*.wav")
    recorded, rate_hz = soundfile.read(path, dtype="float32")
    assert rate_hz == RATE_HZ
    assert len(recorded) > (PASSES - 0.5) * len(loop)
    assert_looped_exactly(recorded, loop)
    (region,) = ET.parse(tmp_path / "song/song.ardour").findall("Playlists/Playlist/Region")
    n_superclocks = int(region.attrib["length"].partition("@")[0][1:])
    assert n_superclocks == len(recorded) * SUPERCLOCKS_PER_SECOND // RATE_HZ
