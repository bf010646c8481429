"""The product in a real DAW: asked by OSC, landed in a session, exported by Ardour."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from daw_bridge.client import MagnetClient
from osc_server.contract.clip import ClipSidecar
from tests.daw_bridge.ardours import STEADY, export, make_session

pytestmark = pytest.mark.ardour

MONO_TO_STEREO = 10 ** (-3 / 20)  # Ardour's law for the middle


def land(port: int, *words: str) -> subprocess.CompletedProcess[str]:
    """Run ``magnet-bridge land`` against a server; what it printed."""
    return subprocess.run(
        [sys.executable, "-m", "daw_bridge.cli", "land", *words, "--port", str(port)],
        env={**os.environ, "MAGNET_CONFIG": "", "COLUMNS": "200"},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def sidecar_of(clip):
    return ClipSidecar.from_json(clip.path.with_suffix(".json").read_text("utf-8"))


@pytest.mark.parametrize("rate_hz", [44100, 48000])
def test_a_clip_asked_for_by_osc_is_exported_by_ardour_sample_by_sample(
    server_port, tmp_path, rate_hz
):
    bars = make_session(tmp_path, "song", rate_hz, STEADY.format(bpm=173.5))
    with MagnetClient(port=server_port) as magnet:
        clip = magnet.generate("dusty breakbeat", bars=2, bpm=173.5, seed=7, rate=rate_hz)
    where = ["--ardour", str(tmp_path / "song"), "--track", "Mono", "--bar", "3"]
    done = land(server_port, *where)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{clip.id} is in song: Mono, bar 3" in done.stdout
    assert "tempo and meter" not in done.stdout
    made, _ = soundfile.read(clip.path, dtype="float32")
    heard = export(tmp_path, "song")
    assert not heard[: bars[3]].any()
    assert heard[bars[3] :].shape == (len(made), 2)
    assert np.abs(heard[bars[3] :] - MONO_TO_STEREO * made[:, None]).max() < 1e-6
    (landing,) = sidecar_of(clip).landings
    assert (landing.place, landing.problem) == ("song: Mono, bar 3", "")


def test_a_clip_that_cannot_be_landed_stays_and_the_reason_is_kept_with_it(server_port, tmp_path):
    make_session(tmp_path, "song", 48000)
    with MagnetClient(port=server_port) as magnet:
        clip = magnet.generate("kick", bars=1, bpm=240)
    done = land(server_port, clip.id, "--ardour", str(tmp_path / "song"), "--track", "Drums")
    assert done.returncode == 1
    assert "song has no audio track 'Drums': it has Mono, Wide & open" in done.stderr
    (landing,) = sidecar_of(clip).landings
    assert "no audio track" in landing.problem
    assert clip.path.exists()
