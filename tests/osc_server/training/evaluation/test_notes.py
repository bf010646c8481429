import numpy as np
import pytest

from osc_server.training.evaluation.notes import count_notes, n_pitches, note_figures, pitch_track
from osc_server.training.evaluation.smear import smear
from tests.osc_server.training.evaluation.signals import RATE_HZ, place, tone


def line(semitones, seconds_each, *, length, decay=6.0):
    """One pitch after another, from A2."""
    audio = np.zeros(round(seconds_each * len(semitones) * RATE_HZ), np.float32)
    for index, semitone in enumerate(semitones):
        place(audio, tone(110.0 * 2 ** (semitone / 12), length, decay=decay), index * seconds_each)
    return audio


def chords(roots):
    """A triad every two seconds."""
    audio = np.zeros(2 * RATE_HZ * len(roots), np.float32)
    for index, root in enumerate(roots):
        for semitone in (0, 4, 7):
            hz = 220.0 * 2 ** ((root + semitone) / 12)
            place(audio, tone(hz, 2.0, decay=1.0), 2.0 * index)
    return audio


def test_counts_the_notes_of_an_arpeggio():
    audio = line([0, 3, 7, 12] * 8, 0.125, length=0.12)
    figures = note_figures(audio, RATE_HZ, 120.0, loop=True)
    assert figures.notes_per_beat == pytest.approx(4.0, abs=0.3)
    assert figures.onsets_per_beat == pytest.approx(4.0, abs=0.3)


def test_repeated_notes_count_one_by_one():
    figures = note_figures(line([0] * 8, 0.5, length=0.45), RATE_HZ, 120.0, loop=True)
    assert figures.notes_per_beat == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize("hz", [41.2, 55.0, 110.0, 440.0, 880.0])
def test_tracks_pitch_to_a_fifth_of_a_semitone(hz):
    track = pitch_track(tone(hz, 1.0, decay=0.5), RATE_HZ)
    expected = 69 + 12 * np.log2(hz / 440)
    assert abs(np.nanmedian(track) - expected) < 0.2


def test_noise_has_no_pitch():
    noise = np.random.default_rng(1).standard_normal(RATE_HZ).astype(np.float32)
    assert np.isfinite(pitch_track(noise, RATE_HZ)).mean() < 0.05


def test_counts_changes_of_harmony():
    figures = note_figures(chords([0, 5, 7, 0]), RATE_HZ, 120.0)
    assert figures.chords_per_bar == pytest.approx(0.75)  # three changes in four bars


def test_a_held_chord_never_changes():
    assert note_figures(chords([0]), RATE_HZ, 120.0).chords_per_bar == 0.0


def test_smearing_takes_notes_and_contrast_away():
    audio = line([0, 3, 7, 12] * 8, 0.125, length=0.12)
    clear = note_figures(audio, RATE_HZ, 120.0, loop=True)
    smeared = note_figures(smear(audio, RATE_HZ, seed=1), RATE_HZ, 120.0, loop=True)
    assert smeared.contrast_db < clear.contrast_db - 15.0
    assert smeared.notes_per_beat < 0.5 * clear.notes_per_beat


def test_smearing_keeps_length_and_level():
    audio = line([0, 3, 7, 12] * 8, 0.125, length=0.12)
    out = smear(audio, RATE_HZ, seed=1)
    assert len(out) == len(audio)
    assert np.sqrt(np.mean(out**2)) == pytest.approx(np.sqrt(np.mean(audio**2)), rel=0.3)


def test_a_blip_shorter_than_50_ms_is_no_note():
    track = np.full(100, np.nan)
    track[10:13] = 60.0
    track[40:60] = 60.0
    assert count_notes(track, np.zeros(0)) == 1


def test_pitch_classes_are_counted_that_hold_a_tenth_of_the_voiced_frames():
    held = np.repeat([60.0, 62.2, 67.0], 100)
    glides = np.linspace(60, 67, 8)
    assert n_pitches(np.concatenate([held, glides, np.full(200, np.nan)])) == 3
    assert n_pitches(np.repeat([48.0, 60.0, 72.0], 100)) == 1
    assert n_pitches(np.full(50, np.nan)) == 0
    assert n_pitches(np.full(50, 61.4)) == 1
