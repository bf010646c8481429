"""Recordings of mix and decks, sample for sample what was heard."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import soundfile

from daw_bridge.audio.deck import Cue
from daw_bridge.audio.recorder import Recorder
from osc_server.contract.errors import StorageFailed
from tests.daw_bridge.audio.sounds import RATE_HZ, noise
from tests.daw_bridge.audio.test_mixer import BAR, Rig


def read(path):
    return soundfile.read(path, dtype="float32", always_2d=True)[0]


def rig_with(*seeds):
    """Decks on outputs 1+2, 2+3, …; a deck without a seed is silent."""
    rig = Rig(*[(index, index + 1) for index in range(len(seeds))])
    for deck, seed in zip(rig.decks, seeds, strict=True):
        if seed is not None:
            deck.cue(Cue(noise(seed), Fraction(0), BAR))
    return rig


def record(rig, folder, n_pieces, n_samples):
    """Record while the disk is written every ``n_samples``; what was heard, and the files."""
    recorder = Recorder(folder, RATE_HZ, [2] * len(rig.decks), rig.output.n_channels)
    rig.mixer.set_tap(recorder)
    pieces = []
    for _ in range(n_pieces):
        pieces.append(rig.output.render(n_samples))
        recorder.drain()
    rig.mixer.set_tap(None)
    rig.output.render(1024)
    return np.concatenate(pieces), recorder.finish(), recorder


def test_the_mix_is_what_was_heard_and_the_stems_add_up_to_it(tmp_path):
    rig = rig_with(1, 2)
    rig.output.render(5000)  # a recording may begin anywhere
    heard, paths, _ = record(rig, tmp_path, 7, 50_001)  # round the ring, at odd places
    assert [path.name for path in paths] == ["deck-1.wav", "deck-2.wav", "mix.wav"]
    first, second, mix = (read(path) for path in paths)
    assert np.array_equal(mix, heard)
    total = np.zeros_like(mix)
    total[:, 0:2] += first
    total[:, 1:3] += second
    assert np.array_equal(total, mix)


def test_a_deck_that_was_silent_leaves_no_file(tmp_path):
    _, paths, _ = record(rig_with(1, None), tmp_path, 1, 10_000)
    assert [path.name for path in paths] == ["deck-1.wav", "mix.wav"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deck-1.wav", "mix.wav"]


def test_where_the_disk_was_too_slow_the_rest_stays_in_its_place(tmp_path):
    heard, paths, recorder = record(rig_with(1), tmp_path, 1, 6 * RATE_HZ)
    mix = read(paths[-1])
    assert recorder.lost_samples == 2.5 * RATE_HZ
    assert len(mix) == 6 * RATE_HZ
    assert not mix[: recorder.lost_samples].any()
    assert np.array_equal(mix[recorder.lost_samples :], heard[recorder.lost_samples :])


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(StorageFailed, match="cannot record to"):
        Recorder(tmp_path / "taken", RATE_HZ, [2], 2)
