"""Revision 2 is true to its meters, swing, loops and words; revision 1 is untouched."""

import hashlib
from collections import Counter
from dataclasses import astuple, replace
from pathlib import Path

import numpy as np
import pytest

from osc_server.training.corpus import parts
from osc_server.training.corpus.build import build
from osc_server.training.corpus.captions import caption
from osc_server.training.corpus.mixdown import loudness_db, mix_cycle
from osc_server.training.corpus.oscillators import RATE
from osc_server.training.corpus.render import render_clip
from osc_server.training.corpus.revisions import LATEST, SHIPPED, caption_of, draw
from osc_server.training.corpus.spec import N_SAMPLES, ClipSpec, draw_spec
from osc_server.training.corpus.wide import HEARD_SWING, is_full, is_pumped, is_swung
from osc_server.training.corpus.wide_tables import (
    DRUM_STYLES_IN_THREE,
    SWUNG_ENDS,
    SWUNG_WORDS,
    THREES,
)
from osc_server.training.sizes import SIZES
from osc_server.training.vocabulary import learned_vocabulary
from tests.tools import require_soundfont

SPECS = [draw(seed, LATEST) for seed in range(3000)]


def _first(count: int, where) -> list[ClipSpec]:  # type: ignore[no-untyped-def]
    return [spec for spec in SPECS if where(spec)][:count]


def test_revision_one_is_what_the_shipped_weights_learned_from() -> None:
    digest = hashlib.sha256()
    for seed in range(400):
        s = draw(seed)
        told = (
            s.seed, s.kind, s.genre, s.bpm, s.meter, s.beats_per_bar, s.cycle_bars,
            s.cycle_samples, s.tonic, s.mode, [astuple(p) for p in s.parts], caption_of(s, seed),
        )  # fmt: skip
        digest.update(repr(told).encode())
        assert (s.revision, s.swing) == (SHIPPED, None)
    assert digest.hexdigest()[:16] == "14e642692da0951e"
    assert all(size.corpus_revision == SHIPPED for size in SIZES.values())


@pytest.mark.parametrize(
    ("seed", "rms", "step"),
    [(3, 0.10012, 0.00499), (11, 0.16815, 0.00257), (31, 0.14316, 0.0242), (156, 0.15429, 0.00587)],
)
def test_revision_one_sounds_as_it_did(seed: int, rms: float, step: float) -> None:
    audio = render_clip(seed).audio
    assert float(np.sqrt(np.mean(audio**2))) == pytest.approx(rms, abs=3e-5)
    assert float(np.mean(np.abs(np.diff(audio[:100_000])))) == pytest.approx(step, abs=3e-5)


def test_there_is_no_other_revision() -> None:
    with pytest.raises(ValueError, match="no corpus revision 3"):
        draw(1, 3)


def test_meters_of_three_are_a_quarter_and_of_both_kinds() -> None:
    counts = Counter(spec.meter for spec in SPECS)
    assert set(counts) == {"4/4", "3/4", "6/8"}
    assert 0.2 < (counts["3/4"] + counts["6/8"]) / len(SPECS) < 0.3
    assert min(counts["3/4"], counts["6/8"]) > 0.4 * max(counts["3/4"], counts["6/8"])
    assert {spec.genre for spec in SPECS if spec.meter != "4/4"} == set(THREES)


def test_a_meter_is_that_of_its_drums() -> None:
    for spec in SPECS:
        for part in spec.parts:
            if part.kind == "drums":
                assert (part.style in DRUM_STYLES_IN_THREE) == (spec.beats_per_bar == 3.0)
                if spec.beats_per_bar == 3.0:
                    is_waltz = "waltz" in part.style
                    assert is_waltz == (spec.meter == "3/4"), spec


def test_a_cycle_is_whole_bars_at_its_bpm_from_60_to_180() -> None:
    for spec in SPECS:
        seconds = spec.cycle_bars * spec.beats_per_bar * 60.0 / spec.bpm
        assert seconds * RATE == pytest.approx(spec.cycle_samples, abs=1e-6)
        assert spec.cycle_samples <= 16 * RATE
        assert 59.9 < spec.bpm < 180.1
    assert min(s.bpm for s in SPECS) < 65.0
    assert max(s.bpm for s in SPECS) > 176.0


@pytest.mark.parametrize("meter", ["3/4", "6/8", "4/4"])
def test_drums_accent_the_bar_that_is_told(meter: str) -> None:
    """Kicks fall on the first beat of every bar, and in 6/8 the backbeat halves it."""
    for spec in _first(12, lambda s: s.kind == "drums" and s.meter == meter):
        hits = parts.drum_hits(spec, spec.parts[0], np.random.default_rng(1))
        assert max(beat for _, beat, _ in hits) < spec.cycle_bars * spec.beats_per_bar
        if meter == "6/8" and "afro" not in spec.parts[0].style:
            strong = {round(b % 3.0, 3) for p, b, v in hits if p == "snare" and v > 0.5}
            assert strong <= {1.5}, spec.parts[0].style
        if meter == "3/4":
            kicks = [round(b % 3.0, 3) for p, b, _ in hits if p == "kick"]
            assert kicks.count(0.0) == spec.cycle_bars


CLIPS = [
    *_first(2, lambda s: s.kind == "drums" and s.meter == "6/8"),
    *_first(2, lambda s: s.kind == "bass" and s.meter == "3/4"),
    *_first(1, lambda s: s.kind == "melody" and s.meter == "6/8"),
    *_first(3, is_full),
    *_first(2, lambda s: is_swung(s) and s.kind in ("drums", "bass")),
    *_first(2, lambda s: s.kind == "bass" and s.parts[0].style in ("shuffle", "swung walk")),
]


@pytest.mark.parametrize("spec", CLIPS, ids=lambda s: f"{s.kind}-{s.meter}-{s.seed}")
def test_a_clip_is_its_cycle_over_and_over_and_closes_without_a_click(spec: ClipSpec) -> None:
    require_soundfont()
    clip = render_clip(spec.seed, LATEST)
    assert clip.spec == spec
    assert clip.audio.shape == (N_SAMPLES,)
    assert np.isfinite(clip.audio).all()
    n = spec.cycle_samples
    np.testing.assert_allclose(clip.audio[n:], clip.audio[:-n], atol=1e-6)
    cycle = clip.audio[:n]
    assert abs(cycle[0] - cycle[-1]) <= np.abs(np.diff(cycle)).max() * 1.05 + 0.02
    assert 0.15 < np.abs(cycle).max() <= 0.91
    assert -22.5 < loudness_db(cycle) < -14.0


def test_swing_delays_every_second_sixteenth_of_drums_and_nothing_else() -> None:
    spec = _first(1, lambda s: s.kind == "drums" and is_swung(s) and s.parts[0].style == "electro")[
        0
    ]
    rng = np.random.default_rng
    straight = parts.drum_hits(replace(spec, swing=0.0), spec.parts[0], rng(1))
    swung = parts.drum_hits(spec, spec.parts[0], rng(1))
    moved = [b - a for (_, a, _), (_, b, _) in zip(straight, swung, strict=True)]
    odd = [round(a * 4) % 2 == 1 for _, a, _ in straight]
    assert any(odd)
    assert spec.swing is not None
    for late, is_odd in zip(moved, odd, strict=True):
        assert late == pytest.approx(0.25 * spec.swing if is_odd else 0.0)


def test_bass_swings_with_its_drums() -> None:
    """The same line is late by the swing on second sixteenths, so it differs, and only there."""
    require_soundfont()
    spec = _first(
        1, lambda s: s.kind == "bass" and s.parts[0].style == "sixteenths" and is_swung(s)
    )[0]
    swung, straight = mix_cycle(spec), mix_cycle(replace(spec, swing=0.0))
    sixteenth = spec.beat_samples / 4
    first = slice(0, int(0.9 * sixteenth))
    assert np.abs(swung - straight).max() > 0.05
    correlation = np.corrcoef(swung[first], straight[first])[0, 1]
    assert correlation > 0.9  # the first sixteenth is where it was


def test_what_swings_is_said_only_where_it_is_heard() -> None:
    words = [*SWUNG_WORDS, *SWUNG_ENDS]
    for spec in SPECS:
        if is_swung(spec):
            assert spec.swing is not None
            assert spec.swing >= HEARD_SWING
            assert spec.meter == "4/4"
    unswung = [s for s in SPECS if not is_swung(s)]
    for spec in unswung[:800]:
        for number in range(3):
            text = caption_of(spec, number).lower()
            assert not any(text.startswith(word) for word in SWUNG_WORDS)
            assert not any(text.endswith(end) for end in SWUNG_ENDS)
    told = [
        any(word in caption_of(spec, n).lower() for word in words)
        for spec in _first(60, is_swung)
        for n in range(4)
    ]
    assert 0.35 < np.mean(told) < 0.65


def test_what_swings_is_never_called_straight() -> None:
    for spec in _first(300, is_swung):
        for n in range(4):
            text = caption_of(spec, n).lower()
            assert "straight" not in text
            assert "tight on the grid" not in text


def test_a_meter_of_three_is_mostly_said_and_never_of_a_bar_of_four() -> None:
    def says(spec: ClipSpec) -> bool:
        text = caption_of(spec, 1).lower()
        return any(word in text for word in ("3/4", "waltz", "three", "6/8", "six eight", "jig"))

    assert np.mean([says(s) for s in _first(200, lambda s: s.meter == "3/4")]) > 0.6
    assert np.mean([says(s) for s in _first(200, lambda s: s.meter == "6/8")]) > 0.6
    assert not any(says(s) for s in SPECS if s.meter == "4/4")


def test_full_mixes_have_drums_bass_and_harmony_and_are_called_so_alone() -> None:
    full = [s for s in SPECS if is_full(s)]
    assert len(full) > 0.07 * len(SPECS)
    for spec in full:
        kinds = {part.kind for part in spec.parts}
        assert {"drums", "bass"} <= kinds
        assert kinds & {"chords", "pad"}
    for spec in SPECS[:1000]:
        text = caption_of(spec, 2).lower()
        assert is_full(spec) or not text.startswith(("full ", "whole "))


def test_a_mix_is_called_pumping_only_where_it_pumps() -> None:
    mixes = [s for s in SPECS if s.kind == "mix"]
    said = {
        is_pumped(spec)
        for spec in mixes
        for n in range(4)
        if caption_of(spec, n).endswith(("pumping", "sidechained"))
    }
    assert said == {True}


def test_captions_of_revision_two_hold_those_of_revision_one() -> None:
    for spec in SPECS[:300]:
        old, new = caption(spec, 3), caption_of(spec, 3)
        assert old[1:] in new
        assert new == new.strip()
        assert "  " not in new


def test_a_corpus_knows_its_revision_and_is_not_mixed_with_another(tmp_path: Path) -> None:
    require_soundfont()
    build(tmp_path, 7, 2, 1, LATEST)
    stored = np.fromfile(tmp_path / "audio.i16", dtype="<i2").reshape(2, N_SAMPLES)
    np.testing.assert_allclose(stored[1] / 32767.0, render_clip(8, LATEST).audio, atol=2e-5)
    with pytest.raises(ValueError, match="another revision"):
        build(tmp_path, 7, 3, 1, SHIPPED)


def test_words_of_a_training_are_those_of_its_corpus() -> None:
    small = replace(SIZES["smoke"], n_clips=700)
    wide = learned_vocabulary(replace(small, corpus_revision=LATEST)).words
    assert {"swung", "band"} <= wide - learned_vocabulary(small).words


def test_the_evaluation_draws_the_corpus_of_the_shipped_weights() -> None:
    assert draw_spec(8_000_000_000) == draw(8_000_000_000, SHIPPED)
    assert render_clip(8_000_000_000).spec.revision == SHIPPED
