"""Clips into closed sessions, which Ardour itself makes, opens and exports."""

from __future__ import annotations

import errno
import itertools
import os
import xml.etree.ElementTree as ET
from fractions import Fraction

import numpy as np
import pytest

from daw_bridge.client.clip_result import ClipResult
from daw_bridge.delivery.ardour.ardour_sink import ArdourSink
from daw_bridge.delivery.ardour.session import ArdourSession
from osc_server.contract.errors import BadRequest, StorageFailed
from osc_server.contract.musical_time import beats_to_samples
from tests.daw_bridge.ardours import STEADY, TEMPOS, export, make_session

pytestmark = pytest.mark.ardour

MONO_TO_STEREO = 10 ** (-3 / 20)
"""What a mono track in the middle has on either side of the master."""


def noise(n_samples, n_channels=1):
    """Sound in which every sample can be told from every other."""
    draw = np.random.default_rng(n_samples)
    return draw.uniform(-0.5, 0.5, (n_samples, n_channels)).astype(np.float32)


def clip_of(audio, *, bpm=128.5, bars=1.0, meter=4, rate_hz=48000, clip_id="20261127-break-ab12"):
    seconds = len(audio) / rate_hz
    return ClipResult(
        id=clip_id, prompt="break", path=None, seconds=seconds, bars=bars,
        beats=Fraction(bars) * meter, bpm=bpm, bpm_measured=bpm, seam=1.0, lufs=-14.0, seed=7,
        rate_hz=rate_hz, rtf=0.1, notes="", streamed=audio,
    )  # fmt: skip


def steady_clip(rate_hz, **changes):
    n_samples = beats_to_samples(Fraction(4), 128.5, rate_hz)
    return clip_of(noise(n_samples, changes.pop("n_channels", 1)), rate_hz=rate_hz, **changes)


def regions_of(folder, name, track):
    root = ET.parse(folder / name / f"{name}.ardour").getroot()
    (route,) = root.findall(f"Routes/Route[@name='{track}']")
    playlist = root.find(f"Playlists/Playlist[@id='{route.get('audio-playlist')}']")
    return playlist.findall("Region")


@pytest.mark.parametrize("rate_hz", [44100, 48000, 96000])
def test_a_clip_lies_on_its_bar_to_the_sample_and_is_exported_as_it_is(tmp_path, rate_hz):
    bars = make_session(tmp_path, "song", rate_hz, STEADY.format(bpm=128.5))
    clip = steady_clip(rate_hz)
    place = ArdourSink(tmp_path / "song", "Mono", 5).deliver(clip)
    assert place == "song: Mono, bar 5"
    heard = export(tmp_path, "song")
    begin, audio = bars[5], clip.streamed[:, 0]
    assert len(heard) == begin + len(audio)
    assert not heard[:begin].any()
    for side in range(2):
        assert np.abs(heard[begin:, side] - MONO_TO_STEREO * audio).max() < 1e-6


def test_the_tempo_map_is_read_as_ardour_reads_it(tmp_path):
    bars = make_session(tmp_path, "song", 44100, TEMPOS)
    session = ArdourSession(tmp_path / "song")
    assert len(bars) == 9
    assert {bar: session.sample_of_bar(bar) for bar in bars} == bars


def test_a_stereo_clip_keeps_its_sides(tmp_path):
    bars = make_session(tmp_path, "song", 48000, TEMPOS)
    clip = clip_of(noise(5000, 2), bars=0.05)
    ArdourSink(tmp_path / "song", "Wide & open", 7).deliver(clip)
    heard = export(tmp_path, "song")[bars[7] :]
    assert np.abs(heard - clip.streamed).max() < 1e-6


def test_a_clip_at_another_rate_is_resampled_and_stays_in_time(tmp_path):
    bars = make_session(tmp_path, "song", 96000, STEADY.format(bpm=128.5))
    n_samples = beats_to_samples(Fraction(4), 128.5, 44100)
    whole_turns = np.sin(2 * np.pi * 100 * np.arange(n_samples) / n_samples)
    clip = clip_of(whole_turns.astype(np.float32)[:, None], rate_hz=44100)
    ArdourSink(tmp_path / "song", "Wide & open", 2).deliver(clip)
    heard = export(tmp_path, "song")[bars[2] :, 0]
    n_heard = beats_to_samples(Fraction(4), 128.5, 96000)
    assert len(heard) == n_heard
    assert np.abs(heard - np.sin(2 * np.pi * 100 * np.arange(n_heard) / n_heard)).max() < 1e-4


def test_passes_begin_on_their_bars_without_a_gap(tmp_path):
    bars = make_session(tmp_path, "song", 44100, STEADY.format(bpm=128.5))
    clip = steady_clip(44100)
    sink = ArdourSink(tmp_path / "song", "Mono", 2, times=4)
    assert sink.deliver(clip) == "song: Mono, bar 2, 4 times"
    assert sink.note == ""
    heard = export(tmp_path, "song")[:, 0] / MONO_TO_STEREO
    starts = [bars[bar] for bar in range(2, 7)]
    assert len(heard) == starts[-1]
    assert len({end - begin for begin, end in itertools.pairwise(starts)}) == 2
    for begin, end in itertools.pairwise(starts):
        expected = np.resize(clip.streamed[:, 0], end - begin)
        assert np.abs(heard[begin:end] - expected).max() < 1e-6


def test_a_clip_of_another_tempo_is_landed_and_said_to_drift(tmp_path):
    make_session(tmp_path, "song", 48000, STEADY.format(bpm=120))
    sink = ArdourSink(tmp_path / "song", "Mono", 1)
    sink.deliver(steady_clip(48000))
    assert "lasts 1.868 s at 128.5 BPM, and these bars of the session 2.000 s" in sink.note


def test_a_second_clip_lies_beside_the_first(tmp_path):
    bars = make_session(tmp_path, "song", 48000, STEADY.format(bpm=128.5))
    clip = steady_clip(48000)
    for bar in (1, 3):
        ArdourSink(tmp_path / "song", "Mono", bar).deliver(clip)
    heard = export(tmp_path, "song")[:, 0] / MONO_TO_STEREO
    for bar in (1, 3):
        passed = heard[bars[bar] : bars[bar] + len(clip.streamed)]
        assert np.abs(passed - clip.streamed[:, 0]).max() < 1e-6
    root = ET.parse(tmp_path / "song/song.ardour").getroot()
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    names = [source.get("name") for source in root.findall("Sources/Source")]
    assert len(set(names)) == 2
    assert max(map(int, ids)) < int(root.get("id-counter"))
    made = [e.get("id") for e in root.iter() if e.tag in ("Source", "Region", "Location")]
    assert len(set(made)) == len(made)


def test_all_else_of_the_session_stays_byte_for_byte(tmp_path):
    make_session(tmp_path, "song", 48000, TEMPOS)
    path = tmp_path / "song/song.ardour"
    before = path.read_text("utf-8")
    ArdourSink(tmp_path / "song", "Mono", 1).deliver(steady_clip(48000))
    assert path.with_stem("song-before-landing").read_text("utf-8") == before
    untouched = ("<Sources", "<Regions", "<Locations", "<Session ", "<Playlist ")
    old = [line for line in before.splitlines() if not line.strip().startswith(untouched)]
    new = [
        line for line in path.read_text("utf-8").splitlines()
        if not line.strip().startswith(untouched)
    ]  # fmt: skip
    assert new == old
    assert len(regions_of(tmp_path, "song", "Mono")) == 1
    assert regions_of(tmp_path, "song", "Wide & open") == []


def test_a_range_that_the_musician_has_set_stays(tmp_path):
    make_session(tmp_path, "song", 48000)
    path = tmp_path / "song/song.ardour"
    kept = '<Location id="9999" name="session" start="a0" end="a588000" flags="IsSessionRange"/>'
    text = path.read_text("utf-8").replace("<Locations/>", f"<Locations>{kept}</Locations>")
    path.write_text(text.replace('session-range-is-free="1"', 'session-range-is-free="0"'), "utf-8")
    ArdourSink(tmp_path / "song", "Mono", 1).deliver(steady_clip(48000))
    assert kept in path.read_text("utf-8")


@pytest.mark.parametrize("fails_at", [1, 2, 3, 4])
def test_a_disk_that_fails_leaves_the_session_as_it_was(tmp_path, monkeypatch, fails_at):
    make_session(tmp_path, "song", 48000)
    before = (tmp_path / "song/song.ardour").read_bytes()
    clip, real, calls = steady_clip(48000, n_channels=2), os.replace, []

    def fail(source, target):
        calls.append(target)
        if len(calls) == fails_at:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(source, target)

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(StorageFailed, match="No space left"):
        ArdourSink(tmp_path / "song", "Wide & open", 1).deliver(clip)
    assert (tmp_path / "song/song.ardour").read_bytes() == before
    assert list((tmp_path / "song/interchange").rglob("*.wav")) == []


def test_what_is_not_there_is_a_sentence(tmp_path):
    make_session(tmp_path, "song", 48000)
    clip = steady_clip(48000)
    with pytest.raises(BadRequest, match="did you mean Mono"):
        ArdourSink(tmp_path / "song", "mono", 1).deliver(clip)
    with pytest.raises(BadRequest, match="not the folder of an Ardour session"):
        ArdourSink(tmp_path / "song/plugins", "Mono", 1).deliver(clip)
    with pytest.raises(BadRequest, match="counted from 1"):
        ArdourSink(tmp_path / "song", "Mono", 0)
    (tmp_path / "song/song.ardour").write_text("<Session version='3002' name='old'/>")
    with pytest.raises(BadRequest, match="Ardour 7 or newer"):
        ArdourSink(tmp_path / "song", "Mono", 1).deliver(clip)
