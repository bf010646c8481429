"""Sampled instruments as FluidSynth plays them: in tune, on the grid, clean, the same each time."""

import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from osc_server.training.corpus.drums import PIECES
from osc_server.training.corpus.fluidsynth import FluidSynth, SamplerUnavailable
from osc_server.training.corpus.harmony import hertz
from osc_server.training.corpus.oscillators import RATE
from osc_server.training.corpus.render import render_clip
from osc_server.training.corpus.revisions import LATEST
from osc_server.training.corpus.sampled import SampledDrums, SampledInstrument, heard, toned
from osc_server.training.corpus.sampled_genres import SAMPLED_GENRES
from osc_server.training.corpus.sampled_voices import SAMPLED_KITS, SAMPLED_VOICES
from osc_server.training.corpus.soundfonts import VARIABLE, find_soundfont, opened
from osc_server.training.corpus.spec import PartSpec
from osc_server.training.evaluation.notes import pitch_track
from osc_server.training.evaluation.onsets import ENVELOPE_RATE_HZ, onset_envelope, pick_onsets
from tests.tools import require_soundfont

BASSES = {name for genre in SAMPLED_GENRES.values() for name in genre.bass.split()}
NO_CLEAR_PITCH = {"glockenspiel", "tubular-bells"}
"""Their partials are those of bars and tubes; and the tracker hears nothing above 2 kHz."""


@pytest.fixture(scope="module")
def soundfont() -> FluidSynth:
    return opened(require_soundfont())


def _part(sound: str, kind: str = "melody", **traits: float) -> PartSpec:
    fair = {"bright": 0.5, "length": 0.5, "drive": 0.3, "space": 0.3, "dust": 0.0}
    return PartSpec(kind, sound, "", **(fair | traits))


def _kind(sound: str) -> str:
    return "bass" if sound in BASSES else "melody"


def _notes(sound: str) -> tuple[int, int]:
    return (33, 40) if sound in BASSES else (60, 69)


def _late_frames(sound: np.ndarray) -> int:
    """How many frames of 5 ms after its start the product's own measure hears ``sound`` begin."""
    placed = np.zeros(RATE, dtype=np.float32)
    at = RATE // 4
    placed[at : at + RATE // 2] += sound[: RATE // 2]
    first = pick_onsets(onset_envelope(placed, RATE))[0]
    return int(first - ENVELOPE_RATE_HZ / 4)


@pytest.mark.parametrize("sound", SAMPLED_VOICES)
def test_a_note_is_clean_and_begins_on_its_beat(sound: str, soundfont: FluidSynth) -> None:
    player = SampledInstrument(_part(sound, _kind(sound)), soundfont)
    for key in _notes(sound):
        note = np.pad(player.note(hertz(key), 0.3), (0, RATE))
        assert np.isfinite(note).all()
        assert np.abs(note).max() == pytest.approx(1.0, abs=0.02)
        assert abs(note[0]) < 0.01
        assert _late_frames(note) in (0, 1), key


@pytest.mark.parametrize(
    ("plays", "kind", "keys"),
    [
        ("bass", "bass", (28, 58)),
        ("chords", "chords", (40, 78)),
        ("pads", "pad", (38, 70)),
        ("arps", "arp", (52, 80, 92)),
        ("leads", "melody", (52, 80, 86)),
    ],
)
def test_the_highest_and_lowest_notes_of_every_part_sound(
    plays: str, kind: str, keys: tuple[int, ...], soundfont: FluidSynth
) -> None:
    """The soundfont is silent above some instruments' own range."""
    sounds = {name for genre in SAMPLED_GENRES.values() for name in getattr(genre, plays).split()}
    for sound in sorted(sounds):
        player = SampledInstrument(_part(sound, kind, bright=0.0), soundfont)
        for key in keys:
            assert np.sqrt(np.mean(player.note(hertz(key), 0.2) ** 2)) > 0.01, (sound, key)


@pytest.mark.parametrize("sound", [name for name in SAMPLED_VOICES if name not in NO_CLEAR_PITCH])
def test_a_note_is_in_tune(sound: str, soundfont: FluidSynth) -> None:
    """To a third of a semitone, octaves folded: organs sound their lower octave too."""
    player = SampledInstrument(_part(sound, _kind(sound)), soundfont)
    for key in _notes(sound):
        track = pitch_track(player.note(hertz(key), 0.4)[RATE // 25 :], RATE)
        heard_key = float(np.nanmedian(track))
        off = (100.0 * (heard_key - key) + 600.0) % 1200.0 - 600.0
        assert abs(off) < 35.0, (key, off)


@pytest.mark.parametrize("sound", SAMPLED_KITS)
def test_every_piece_of_a_kit_sounds_on_its_beat(sound: str, soundfont: FluidSynth) -> None:
    kit = SampledDrums(_part(sound, "drums"), np.random.default_rng(1), soundfont)
    for name in PIECES:
        piece = np.pad(kit.piece(name), (0, RATE))
        assert np.isfinite(piece).all()
        assert np.abs(piece).max() == pytest.approx(1.0, abs=0.02)
        assert _late_frames(piece) in (0, 1), name


def test_a_note_ends_without_a_click_wherever_its_tail_is_cut(soundfont: FluidSynth) -> None:
    for sound in ("steel-guitar", "harp", "tubular-bells", "church-organ", "brass-section"):
        for length in (0.0, 0.5, 1.0):
            note = SampledInstrument(_part(sound, length=length), soundfont).note(220.0, 0.1)
            end = note[-RATE // 100 :]
            assert abs(end[-1]) < 1e-4
            assert np.abs(np.diff(end)).max() < 0.02, (sound, length)


def test_a_longer_part_rings_longer_and_a_brighter_one_is_brighter(soundfont: FluidSynth) -> None:
    def centroid(sound: np.ndarray) -> float:
        power = np.abs(np.fft.rfft(sound, 1 << 16)) ** 2
        return float((power * np.arange(len(power))).sum() / power.sum())

    for name in ("steel-guitar", "harp", "vibraphone"):
        short, long = (
            SampledInstrument(_part(name, length=each), soundfont).note(330.0, 0.2)
            for each in (0.1, 0.9)
        )
        assert len(long) > 1.5 * len(short)
    for name, kind in (("studio-kit", "drums"), ("trumpet", "melody")):
        dark, fair, bright = (_part(name, kind, bright=each) for each in (0.05, 0.5, 0.95))
        if kind == "drums":
            cycle = SampledDrums(fair, np.random.default_rng(1), soundfont).piece("snare")
        else:
            cycle = SampledInstrument(fair, soundfont).note(440.0, 0.5)
        heights = [centroid(toned(cycle, part)) for part in (dark, fair, bright)]
        assert heights[0] < 0.8 * heights[1]
        assert heights[1] < heights[2]


def test_a_kit_is_tuned_anew_for_each_clip_and_keeps_its_tuning(soundfont: FluidSynth) -> None:
    part = _part("power-kit", "drums")
    one, again, other = (
        SampledDrums(part, np.random.default_rng(seed), soundfont).piece("snare")
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, again)
    assert one.shape != other.shape or np.abs(one - other).max() > 0.05


SCRIPT = """
import sys
from hashlib import sha256
from osc_server.training.corpus.revisions import LATEST
from osc_server.training.corpus.render import render_clip
for seed in map(int, sys.argv[1:]):
    print(sha256(render_clip(seed, LATEST).audio.tobytes()).hexdigest())
"""


def test_clips_are_the_same_in_another_process_whatever_it_played_before() -> None:
    """The first rendering of a filtered note in a process differed from the second by 1 %."""
    require_soundfont()
    seeds = (4, 6, 13, 20, 60)
    command = [sys.executable, "-c", SCRIPT, *map(str, seeds)]
    there = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    here = [
        sha256(render_clip(seed, LATEST).audio.tobytes()).hexdigest() for seed in reversed(seeds)
    ]
    assert there == here[::-1]
    assert len(set(here)) == len(seeds)


def test_a_note_is_the_same_after_any_other(soundfont: FluidSynth) -> None:
    digests = set()
    for before in ((0, 56), (0, 48), (128, 16), (0, 0)):
        soundfont.note(before, 38, 120, (0.2, 0.2), 70.0)
        note = soundfont.note((0, 0), 60, 100, (0.5, 0.5))
        digests.add(sha256(note.tobytes()).hexdigest())
    assert len(digests) == 1


def test_without_the_soundfont_one_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "none.sf2"))
    with pytest.raises(SamplerUnavailable, match="fluid-soundfont-gm") as caught:
        find_soundfont()
    said = str(caught.value)
    assert str(tmp_path / "none.sf2") in said
    assert "--soundfont" in said
    assert VARIABLE in said
    assert "\n" not in said


def test_without_the_library_one_sentence_says_what_to_install() -> None:
    with pytest.raises(SamplerUnavailable, match="FluidSynth's library, which isn't found"):
        FluidSynth(require_soundfont(), libraries=("libnowhere.so.9",))


def test_a_soundfont_that_is_none_or_lacks_an_instrument_is_named(
    tmp_path: Path, soundfont: FluidSynth
) -> None:
    require_soundfont()
    no_font = tmp_path / "notes.sf2"
    no_font.write_bytes(b"RIFF")
    with pytest.raises(SamplerUnavailable, match=r"notes\.sf2 cannot be read as a soundfont"):
        FluidSynth(no_font)
    with pytest.raises(SamplerUnavailable, match="no instrument 99 in bank 77"):
        soundfont.note((77, 99), 60, 100, (0.1, 0.1))


def test_a_silent_note_is_an_error() -> None:
    with pytest.raises(ValueError, match="silent"):
        heard(np.zeros(RATE, dtype=np.float32), 0.35)
