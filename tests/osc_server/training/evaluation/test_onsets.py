import numpy as np

from osc_server.training.evaluation.onsets import (
    ENVELOPE_RATE_HZ,
    onset_bands,
    onset_envelope,
    pick_onsets,
)
from tests.osc_server.training.evaluation.signals import RATE_HZ, kick, place, tone


def test_finds_each_note_where_it_begins():
    audio = np.zeros(3 * RATE_HZ, np.float32)
    for second in (0.5, 1.0, 1.75, 2.2):
        place(audio, tone(330.0, 0.5), second)
    onsets = pick_onsets(onset_envelope(audio, RATE_HZ)) / ENVELOPE_RATE_HZ
    np.testing.assert_allclose(onsets, [0.5, 1.0, 1.75, 2.2], atol=0.015)


def test_a_loop_has_its_first_onset_at_its_start():
    audio = np.zeros(2 * RATE_HZ, np.float32)
    place(audio, kick(), 0.0)
    onsets = pick_onsets(onset_envelope(audio, RATE_HZ, loop=True), loop=True)
    assert len(onsets) == 1
    assert min(onsets[0], 400 - onsets[0]) <= 3


def test_a_sustained_chord_has_no_onsets():
    seconds = np.arange(4 * RATE_HZ) / RATE_HZ
    chord = sum(np.sin(2 * np.pi * hz * seconds) for hz in (110.0, 165.0, 220.0))
    assert len(pick_onsets(onset_envelope(chord.astype(np.float32), RATE_HZ, loop=True))) == 0


def test_level_does_not_matter():
    audio = np.zeros(2 * RATE_HZ, np.float32)
    place(audio, tone(330.0, 0.5), 0.5)
    loud, quiet = (onset_envelope(audio * gain, RATE_HZ) for gain in (1.0, 0.01))
    np.testing.assert_allclose(loud, quiet, rtol=1e-3, atol=1e-4)


def test_a_kick_is_strongest_in_the_low_band():
    audio = np.zeros(2 * RATE_HZ, np.float32)
    place(audio, kick(), 1.0)
    low, middle, high = onset_bands(audio, RATE_HZ).max(axis=0)
    assert low > middle > high


def test_silence_has_no_onsets():
    assert len(pick_onsets(onset_envelope(np.zeros(RATE_HZ, np.float32), RATE_HZ))) == 0
