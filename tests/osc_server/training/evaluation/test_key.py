import numpy as np
import pytest

from osc_server.training.evaluation.key import KEYS, estimate_key, fifths_apart, pitch_classes
from tests.osc_server.training.evaluation.signals import RATE_HZ, place, tone

SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}


def chords_in(tonic, mode):
    """Tonic, subdominant, dominant, tonic, as triads of the scale."""
    audio = np.zeros(4 * RATE_HZ, np.float32)
    scale = SCALES[mode]
    for number, degree in enumerate((0, 3, 4, 0)):
        for step in (0, 2, 4):
            note = 48 + tonic + scale[(degree + step) % 7] + 12 * ((degree + step) // 7)
            place(audio, tone(440.0 * 2 ** ((note - 69) / 12), 1.0, decay=2.0), float(number))
    return audio


@pytest.mark.parametrize("mode", ["major", "minor"])
@pytest.mark.parametrize("tonic", range(12))
def test_a_cadence_tells_its_key(tonic, mode):
    key = estimate_key(pitch_classes(chords_in(tonic, mode), RATE_HZ))
    wanted = KEYS[tonic + (12 if mode == "minor" else 0)]
    assert fifths_apart(key, wanted) <= 1
    assert fifths_apart(key, KEYS[(tonic + 6) % 12 + (12 if mode == "minor" else 0)]) >= 5


def test_the_pitch_class_of_a_tone_is_the_strongest():
    classes = pitch_classes(tone(440.0, 2.0, decay=0.5), RATE_HZ)
    assert int(classes.argmax()) == 9  # A


def test_silence_has_no_key_and_is_as_far_as_can_be_from_any():
    assert estimate_key(pitch_classes(np.zeros(RATE_HZ, np.float32), RATE_HZ)) == ""
    assert fifths_apart("", "C major") == 6


@pytest.mark.parametrize(
    ("key", "other", "apart"),
    [
        ("C major", "C major", 0),
        ("C major", "A minor", 0),
        ("C major", "G major", 1),
        ("C major", "D minor", 1),
        ("A minor", "A major", 3),
        ("C major", "F# major", 6),
        ("B major", "C# major", 2),
    ],
)
def test_keys_lie_on_the_circle_of_fifths_with_their_relatives(key, other, apart):
    assert fifths_apart(key, other) == fifths_apart(other, key) == apart


def test_there_are_24_keys_and_each_is_next_to_two_places():
    assert len(set(KEYS)) == 24
    assert all(sum(fifths_apart(key, other) <= 1 for other in KEYS) == 6 for key in KEYS)
