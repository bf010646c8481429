"""Clips of revision 2 with sampled parts: how many, where, their words, loops and rows."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from osc_server.training.corpus import harmony
from osc_server.training.corpus.build import build
from osc_server.training.corpus.drums import KITS
from osc_server.training.corpus.fluidsynth import SamplerUnavailable
from osc_server.training.corpus.genres import GENRES
from osc_server.training.corpus.held_out import HELD_OUT
from osc_server.training.corpus.instruments import VOICES
from osc_server.training.corpus.mixdown import loudness_db
from osc_server.training.corpus.oscillators import RATE
from osc_server.training.corpus.render import render_clip
from osc_server.training.corpus.revisions import LATEST, SHIPPED, caption_of, draw
from osc_server.training.corpus.sampled import is_sampled, needs_soundfont
from osc_server.training.corpus.sampled_genres import SAMPLED_GENRES
from osc_server.training.corpus.sampled_voices import SAMPLED_KITS, SAMPLED_VOICES, SAMPLED_WORDS
from osc_server.training.corpus.soundfonts import VARIABLE, fingerprint
from osc_server.training.corpus.spec import ClipSpec
from osc_server.training.corpus.wide_tables import FOURS, THREES
from osc_server.training.corpus.words import SOUND_WORDS
from tests.tools import require_soundfont

SPECS = [draw(seed, LATEST) for seed in range(6000)]
PARTS = [(spec, part) for spec in SPECS for part in spec.parts if part.kind != "sfx"]


def _first(kind: str, *sounds: str) -> ClipSpec:
    return next(
        spec for spec in SPECS if spec.kind == kind and any(p.sound in sounds for p in spec.parts)
    )


def test_half_of_each_kind_of_part_is_sampled() -> None:
    for kind in ("drums", "bass", "chords", "pad", "arp", "melody"):
        told = [is_sampled(part) for _, part in PARTS if part.kind == kind]
        assert 0.45 < np.mean(told) < 0.55, kind


def test_every_sampled_sound_is_played_and_every_genre_has_some() -> None:
    assert set(SAMPLED_GENRES) == set(THREES) | set(FOURS)
    played = {part.sound for _, part in PARTS if is_sampled(part)}
    assert played == set(SAMPLED_VOICES) | set(SAMPLED_KITS)
    for spec, part in PARTS:
        if part.kind == "drums" and is_sampled(part):
            assert part.sound in SAMPLED_GENRES[spec.genre].kits.split()


def test_no_sampled_sound_has_the_name_of_a_synthetic_one() -> None:
    synthetic = set(VOICES) | set(KITS) | set(SOUND_WORDS)
    assert not synthetic & (set(SAMPLED_VOICES) | set(SAMPLED_KITS))


def test_revision_one_has_no_sampled_part() -> None:
    assert set(GENRES) == set(FOURS)
    assert not any(needs_soundfont(draw(seed, SHIPPED)) for seed in range(2000))


def test_a_caption_names_its_instrument_mostly() -> None:
    told = []
    for spec, part in PARTS:
        if len(spec.parts) == 1 and is_sampled(part) and part.kind != "drums":
            text = caption_of(spec, 1).lower()
            words = [set(name.lower().split()) for name in SAMPLED_WORDS[part.sound]]
            told.append(any(each <= set(text.replace(",", "").split()) for each in words))
    assert np.mean(told) > 0.75


def test_words_of_an_instrument_contradict_none_of_how_it_is_played() -> None:
    """No gentle distorted guitar, no long pizzicato, no dry room."""
    for spec, part in PARTS:
        text = f" {caption_of(spec, 2).lower()} "
        if len(spec.parts) > 1 or not is_sampled(part):
            continue
        if part.sound == "distortion-guitar":
            assert not any(word in text for word in (" clean ", " soft ", " gentle "))
        if part.sound == "clean-guitar":
            assert not any(word in text for word in (" distorted ", " overdriven ", " gritty "))
        if part.sound in ("pizzicato", "muted-guitar"):
            assert not any(word in text for word in (" ringing ", " long arp", " long chord"))
        if part.sound == "room-kit":
            assert part.space >= 0.5


def test_held_out_prompts_are_never_captions_of_sampled_clips() -> None:
    held_out = {prompt.text.lower() for prompt in HELD_OUT}
    made = {
        caption_of(spec, number).lower()
        for spec in SPECS
        if needs_soundfont(spec)
        for number in range(4)
    }
    assert len(made) > 8_000
    assert not held_out & made


CLIPS = [
    _first("drums", "studio-kit"),
    _first("drums", "orchestra-kit"),
    _first("bass", "upright-bass"),
    _first("chords", "nylon-guitar"),
    _first("pad", "string-ensemble", "choir-aahs"),
    _first("arp", "harp", "vibraphone"),
    _first("melody", "violin"),
    _first("mix", "brass-section"),
]


@pytest.mark.parametrize("spec", CLIPS, ids=lambda s: f"{s.kind}-{s.seed}")
def test_a_clip_closes_without_a_click_at_the_level_of_the_others(spec: ClipSpec) -> None:
    require_soundfont()
    clip = render_clip(spec.seed, LATEST)
    cycle = clip.audio[: spec.cycle_samples]
    assert np.isfinite(cycle).all()
    assert abs(cycle[0] - cycle[-1]) <= np.abs(np.diff(cycle)).max() * 1.05 + 0.02
    assert 0.15 < np.abs(cycle).max() <= 0.91
    assert -22.5 < loudness_db(cycle) < -14.0


def test_what_rings_past_the_end_is_heard_at_the_beginning() -> None:
    require_soundfont()
    spec = _first("arp", "harp")
    cycle = render_clip(spec.seed, LATEST).audio[: spec.cycle_samples]
    before_the_attack = cycle[: RATE // 1000]
    assert np.sqrt(np.mean(before_the_attack**2)) > 0.01 * np.sqrt(np.mean(cycle**2))


def test_rows_name_the_sounds_and_the_soundfont(tmp_path: Path) -> None:
    path = require_soundfont()
    build(tmp_path / "two", 4, 2, 1, LATEST, path)
    build(tmp_path / "one", 4, 1, 1)
    two, one = (
        [json.loads(line) for line in (tmp_path / name / "clips.jsonl").read_text().splitlines()]
        for name in ("two", "one")
    )
    assert [row["soundfont"] for row in two] == [fingerprint(path)] * 2
    assert two[0]["sounds"] == [part.sound for part in draw(4, LATEST).parts]
    assert not {"soundfont", "sounds"} & set(one[0])


def test_a_corpus_is_not_extended_with_another_soundfont(tmp_path: Path) -> None:
    path = require_soundfont()
    other = tmp_path / "other.sf2"
    shutil.copyfile(path, other)
    build(tmp_path / "corpus", 4, 1, 1, LATEST, other)
    build(tmp_path / "corpus", 4, 1, 1, LATEST, path)  # the same, elsewhere
    with other.open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ValueError, match="another soundfont"):
        build(tmp_path / "corpus", 4, 2, 1, LATEST, other)


def test_a_build_without_the_soundfont_says_so_before_it_makes_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "none.sf2"))
    with pytest.raises(SamplerUnavailable, match="needs the soundfont"):
        build(tmp_path / "corpus", 4, 1, 1, LATEST)
    assert not (tmp_path / "corpus").exists()


def test_distorted_guitars_play_chords_without_thirds_and_are_said_to() -> None:
    for tonic in range(48, 60):
        root, fifth, octave = harmony.power_chord("minor", 1, 40, tonic)
        assert 40 <= root < 52
        assert (fifth - root, octave - root) == (7, 12)
        assert (root - tonic - harmony.degree("minor", 1)) % 12 == 0
    texts = [
        caption_of(spec, number)
        for spec, part in PARTS
        if spec.kind == "chords" and part.sound == "distortion-guitar"
        for number in range(4)
    ]
    assert 0.4 < np.mean(["power chord" in text.lower() for text in texts]) < 0.8
    assert not any(
        "power chord" in caption_of(spec, 1).lower()
        for spec, part in PARTS
        if part.kind == "bass" and len(spec.parts) == 1
    )
