"""The corpus: true to its captions and grid, level, endless, and the same every time."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from osc_server.training.corpus.build import build
from osc_server.training.corpus.captions import adjectives, caption, captions
from osc_server.training.corpus.held_out import HELD_OUT
from osc_server.training.corpus.mixdown import loudness_db
from osc_server.training.corpus.oscillators import RATE
from osc_server.training.corpus.render import CorpusClip, render_clip
from osc_server.training.corpus.spec import KINDS, N_SAMPLES, ClipSpec, draw_spec

SPECS = [draw_spec(seed) for seed in range(2000)]


def _first(kind: str, count: int = 1) -> list[ClipSpec]:
    return [spec for spec in SPECS if spec.kind == kind][:count]


@pytest.fixture(scope="module")
def clips() -> list[CorpusClip]:
    return [render_clip(spec.seed) for kind in KINDS for spec in _first(kind, 3)]


def _onsets(audio: np.ndarray, hop: int = 160) -> np.ndarray:
    frames = audio[: len(audio) // hop * hop].reshape(-1, hop)
    energy = np.log10(np.mean(frames**2, axis=1) + 1e-5)
    return np.maximum(np.diff(energy, prepend=energy[0]), 0.0)


def test_a_seed_gives_the_same_clip_again() -> None:
    for spec in (_first("mix")[0], _first("sfx")[0]):
        one, two = render_clip(spec.seed), render_clip(spec.seed)
        assert one.caption == two.caption
        np.testing.assert_array_equal(one.audio, two.audio)


def test_seeds_give_different_clips() -> None:
    one, two = (render_clip(spec.seed).audio for spec in _first("drums", 2))
    assert np.max(np.abs(one - two)) > 0.1


def test_a_clip_fills_its_length_with_finite_samples(clips: list[CorpusClip]) -> None:
    for clip in clips:
        assert clip.audio.shape == (N_SAMPLES,)
        assert clip.audio.dtype == np.float32
        assert np.isfinite(clip.audio).all()


def test_a_clip_repeats_with_its_cycle(clips: list[CorpusClip]) -> None:
    for clip in clips:
        cycle = clip.spec.cycle_samples
        assert cycle <= N_SAMPLES
        np.testing.assert_allclose(clip.audio[cycle:], clip.audio[:-cycle], atol=1e-6)


def test_a_cycle_closes_without_a_click(clips: list[CorpusClip]) -> None:
    # The step over the seam is no larger than the steps around attacks inside the clip.
    for clip in clips:
        cycle = clip.audio[: clip.spec.cycle_samples]
        steps = np.abs(np.diff(cycle))
        assert abs(cycle[0] - cycle[-1]) <= steps.max() * 1.05 + 0.02, clip.spec


def test_the_cycle_is_whole_bars_at_the_bpm_that_is_told() -> None:
    for spec in SPECS:
        seconds = spec.cycle_bars * spec.beats_per_bar * 60.0 / spec.bpm
        assert seconds * RATE == pytest.approx(spec.cycle_samples, abs=1e-6)
        assert 69.9 < spec.bpm < 176.1


def test_levels_lie_within_bounds(clips: list[CorpusClip]) -> None:
    for clip in clips:
        assert 0.15 < np.max(np.abs(clip.audio)) <= 0.91
        assert -22.5 < loudness_db(clip.audio) < -14.0, clip.spec
        assert abs(float(np.mean(clip.audio[: clip.spec.cycle_samples]))) < 1e-3


def test_drums_pulse_at_their_bpm() -> None:
    for spec in _first("drums", 8):
        audio = render_clip(spec.seed).audio
        envelope = _onsets(audio)
        envelope = envelope - envelope.mean()
        spectrum = np.abs(np.fft.rfft(envelope, 1 << 15)) ** 2
        power = np.fft.irfft(spectrum)
        lags = np.arange(40, 460)
        bar = spec.beats_per_bar * 60.0 / spec.bpm * RATE / 160
        here = max(power[round(bar) - 1 : round(bar) + 2])
        assert here >= np.quantile(power[lags], 0.97), spec


def test_onsets_start_on_the_downbeat() -> None:
    for spec in _first("bass", 4):
        cycle = render_clip(spec.seed).audio[: spec.cycle_samples]
        line = _onsets(np.roll(cycle, 3200))
        on_grid = spec.beat_samples / 4 / 160
        strongest = np.argsort(line)[-6:]
        offset = (strongest - 20) % on_grid
        assert np.median(np.minimum(offset, on_grid - offset)) <= 2.5, spec


def test_kinds_are_balanced() -> None:
    counts = Counter(spec.kind for spec in SPECS)
    for kind in ("drums", "bass", "chords", "pad", "arp", "melody"):
        assert 0.09 < counts[kind] / len(SPECS) < 0.15
    assert 0.05 < counts["sfx"] / len(SPECS) < 0.11
    assert 0.15 < counts["mix"] / len(SPECS) < 0.21


def test_meters_of_three_are_present() -> None:
    counts = Counter(spec.meter for spec in SPECS)
    assert 0.05 < counts["3/4"] / len(SPECS) < 0.11
    assert 0.02 < counts["6/8"] / len(SPECS) < 0.07


def test_drums_have_many_styles_and_kits() -> None:
    parts = [part for spec in SPECS for part in spec.parts if part.kind == "drums"]
    assert len({part.style for part in parts}) >= 20
    assert {part.sound for part in parts} == {"808", "909", "acoustic", "lo-fi", "industrial"}


def test_every_instrument_can_be_rendered() -> None:
    seen: dict[tuple[str, str], ClipSpec] = {}
    for spec in SPECS:
        if len(spec.parts) == 1:
            seen.setdefault((spec.kind, spec.parts[0].sound), spec)
    assert len(seen) > 55
    for spec in list(seen.values())[::4]:
        assert np.isfinite(render_clip(spec.seed).audio).all()


def test_captions_vary_and_name_what_plays() -> None:
    spec = next(s for s in _first("sfx", 99) if s.parts[0].sound == "rain")
    assert all("rain" in text.lower() for text in captions(spec, np.random.default_rng(0)))
    for kind in KINDS:
        texts = {caption(s, n) for s in _first(kind, 5) for n in range(20)}
        assert len(texts) > 25
        assert all(text == text.strip() and "  " not in text for text in texts)


def test_a_tempo_in_a_caption_is_the_tempo_of_the_clip() -> None:
    found = 0
    for spec in SPECS[:600]:
        words = caption(spec, 1).lower().replace("bpm", " bpm").replace(",", "").split()
        if "bpm" in words:
            found += 1
            assert float(words[words.index("bpm") - 1]) == pytest.approx(spec.bpm, abs=0.51)
    assert found > 100


def test_adjectives_are_true_of_the_sound() -> None:
    def centroid(spec: ClipSpec) -> float:
        power = np.abs(np.fft.rfft(render_clip(spec.seed).audio[: 4 * RATE])) ** 0.5
        return float(np.sum(power * np.arange(len(power))) / np.sum(power))

    def named(word: str) -> list[ClipSpec]:
        drums = [s for s in SPECS if s.kind == "drums" and s.parts[0].dust == 0.0]
        return [s for s in drums if any(word in g for g in adjectives(s.parts[0]))][:6]

    bright, dark = (np.median([centroid(s) for s in named(w)]) for w in ("bright", "dark"))
    assert bright > 1.15 * dark


def test_held_out_prompts_are_never_captions() -> None:
    held_out = {prompt.text.lower() for prompt in HELD_OUT}
    assert len(held_out) == len(HELD_OUT)
    made = {caption(spec, seed).lower() for spec in SPECS[::2] for seed in range(12)}
    assert not held_out & made


def test_held_out_prompts_cover_every_kind_and_drums_have_a_bpm() -> None:
    assert Counter(prompt.kind for prompt in HELD_OUT) == dict.fromkeys(KINDS, 16)
    assert all((prompt.bpm is not None) == (prompt.kind == "drums") for prompt in HELD_OUT)


def test_a_build_goes_on_where_it_stopped(tmp_path: Path) -> None:
    whole, resumed = tmp_path / "whole", tmp_path / "resumed"
    build(whole, 50, 4, 1)
    build(resumed, 50, 2, 1)
    (resumed / "audio.i16").rename(resumed / "audio.i16.part")
    rows = (resumed / "clips.jsonl").read_text(encoding="utf-8")
    (resumed / "clips.jsonl").unlink()
    (resumed / "clips.jsonl.part").write_text(rows + '{"torn', encoding="utf-8")
    build(resumed, 50, 4, 1)
    assert (resumed / "audio.i16").read_bytes() == (whole / "audio.i16").read_bytes()
    assert (resumed / "clips.jsonl").read_text() == (whole / "clips.jsonl").read_text()
    assert sorted(path.name for path in resumed.iterdir()) == ["audio.i16", "clips.jsonl"]


def test_a_build_writes_the_clips_of_its_seeds(tmp_path: Path) -> None:
    build(tmp_path, 7, 2, 1)
    stored = np.fromfile(tmp_path / "audio.i16", dtype="<i2").reshape(2, N_SAMPLES)
    lines = (tmp_path / "clips.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row["seed"] for row in rows] == [7, 8]
    np.testing.assert_allclose(stored[1] / 32767.0, render_clip(8).audio, atol=2e-5)


def test_a_folder_of_other_seeds_is_refused(tmp_path: Path) -> None:
    build(tmp_path, 7, 1, 1)
    with pytest.raises(ValueError, match="other seeds"):
        build(tmp_path, 8, 1, 1)
