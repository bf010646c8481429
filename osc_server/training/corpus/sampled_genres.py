"""Which sampled instruments play in a genre, and how often they do instead of synthetic ones."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from osc_server.training.corpus.sampled_voices import SAMPLED_KITS, SAMPLED_VOICES
from osc_server.training.corpus.spec import PartSpec, one_of


@dataclass(frozen=True, slots=True)
class SampledGenre:
    """For each part what to draw from (space-separated), and the share of parts that do (0..1)."""

    share: float
    kits: str
    bass: str
    chords: str
    pads: str
    arps: str
    leads: str


_STRINGS = "string-ensemble slow-strings"
_CHOIRS = "choir-aahs choir-oohs"
_AIRY = "halo sweep space-voice bowed-glass fantasia"

SAMPLED_GENRES: dict[str, SampledGenre] = {
    "house": SampledGenre(0.35, "electronic-kit tr-kit", "synth-bass finger-bass rubber-bass",
        "grand-piano percussive-organ brass-section", f"{_STRINGS} choir-aahs synth-strings",
        "vibraphone pizzicato grand-piano", "grand-piano vibraphone alto-sax trumpet"),
    "deep house": SampledGenre(0.40, "electronic-kit tr-kit",
        "rubber-bass synth-bass fretless-bass", "tine-piano dx-piano percussive-organ jazz-guitar",
        f"{_STRINGS} choir-oohs", "kalimba vibraphone rosewood-marimba",
        "tenor-sax vibraphone muted-trumpet"),
    "techno": SampledGenre(0.30, "electronic-kit tr-kit", "synth-bass rubber-bass",
        "polysynth string-ensemble", f"synth-strings choir-aahs {_AIRY}", "kalimba polysynth",
        "tubular-bells polysynth"),
    "acid house": SampledGenre(0.30, "electronic-kit tr-kit", "rubber-bass synth-bass",
        "grand-piano polysynth", f"synth-strings {_CHOIRS}", "polysynth", "polysynth"),
    "trance": SampledGenre(0.35, "electronic-kit", "synth-bass rubber-bass",
        "polysynth grand-piano", f"{_AIRY} choir-aahs synth-strings",
        "polysynth pizzicato harp fantasia", "violin grand-piano polysynth"),
    "hip hop": SampledGenre(0.50, "studio-kit tr-kit", "upright-bass finger-bass synth-bass",
        "grand-piano tine-piano string-ensemble brass-section harp",
        f"{_STRINGS} choir-aahs", "harp music-box pizzicato koto",
        "muted-trumpet concert-flute alto-sax sitar violin"),
    "lo-fi hip hop": SampledGenre(0.50, "studio-kit jazz-kit brush-kit",
        "upright-bass finger-bass", "tine-piano jazz-guitar nylon-guitar grand-piano",
        "slow-strings choir-oohs", "kalimba vibraphone music-box nylon-guitar",
        "muted-trumpet tenor-sax vibraphone concert-flute jazz-guitar"),
    "trap": SampledGenre(0.40, "tr-kit", "rubber-bass synth-bass",
        "grand-piano string-ensemble pizzicato choir-aahs", f"{_CHOIRS} {_STRINGS}",
        "music-box pizzicato harp glockenspiel",
        "pan-flute koto violin tubular-bells brass-section"),
    "breakbeat": SampledGenre(0.45, "studio-kit power-kit", "finger-bass slap-bass pick-bass",
        "clavinet rock-organ brass-section muted-guitar", "string-ensemble choir-aahs",
        "clavinet vibraphone", "brass-section trumpet overdriven-guitar"),
    "jungle": SampledGenre(0.40, "studio-kit", "upright-bass fretless-bass rubber-bass",
        "tine-piano string-ensemble", f"{_STRINGS} {_CHOIRS}", "vibraphone harp kalimba",
        "pan-flute soprano-sax vibraphone"),
    "drum and bass": SampledGenre(0.35, "studio-kit electronic-kit",
        "upright-bass synth-bass finger-bass", "tine-piano dx-piano grand-piano",
        f"{_STRINGS} choir-aahs {_AIRY}", "harp vibraphone pizzicato",
        "grand-piano trumpet violin"),
    "dubstep": SampledGenre(0.25, "electronic-kit power-kit", "synth-bass rubber-bass",
        "string-ensemble polysynth", f"choir-aahs {_AIRY}", "music-box harp polysynth",
        "violin tubular-bells"),
    "garage": SampledGenre(0.40, "electronic-kit", "rubber-bass synth-bass finger-bass",
        "tine-piano percussive-organ dx-piano", f"{_STRINGS} choir-oohs",
        "pizzicato vibraphone rosewood-marimba", "alto-sax vibraphone"),
    "reggaeton": SampledGenre(0.40, "tr-kit electronic-kit", "finger-bass synth-bass rubber-bass",
        "nylon-guitar accordion brass-section steel-drums", f"{_STRINGS} choir-oohs",
        "rosewood-marimba steel-drums nylon-guitar pizzicato",
        "trumpet accordion steel-drums pan-flute"),
    "bossa nova": SampledGenre(0.70, "brush-kit jazz-kit studio-kit",
        "upright-bass finger-bass fretless-bass",
        "nylon-guitar nylon-guitar tine-piano jazz-guitar",
        "slow-strings choir-oohs", "nylon-guitar vibraphone",
        "tenor-sax concert-flute nylon-guitar trombone vibraphone"),
    "latin": SampledGenre(0.65, "studio-kit", "upright-bass finger-bass",
        "grand-piano nylon-guitar brass-section bandoneon", "string-ensemble brass-section",
        "rosewood-marimba nylon-guitar harp",
        "trumpet concert-flute trombone nylon-guitar bandoneon"),
    "disco": SampledGenre(0.45, "studio-kit electronic-kit", "finger-bass slap-bass pick-bass",
        "clean-guitar clavinet electric-grand brass-section string-ensemble",
        "string-ensemble synth-strings", "clavinet pizzicato", "string-ensemble trumpet alto-sax"),
    "funk": SampledGenre(0.60, "studio-kit", "slap-bass finger-bass pick-bass",
        "clavinet clean-guitar muted-guitar brass-section percussive-organ tine-piano",
        "string-ensemble brass-section", "clavinet muted-guitar", "alto-sax trumpet brass-section"),
    "rock": SampledGenre(0.65, "power-kit studio-kit room-kit", "pick-bass finger-bass",
        "distortion-guitar overdriven-guitar clean-guitar rock-organ steel-guitar muted-guitar",
        "string-ensemble rock-organ", "clean-guitar steel-guitar muted-guitar",
        "overdriven-guitar distortion-guitar slide-guitar harmonica"),
    "pop": SampledGenre(0.55, "studio-kit room-kit electronic-kit", "finger-bass pick-bass",
        "grand-piano steel-guitar clean-guitar electric-grand ukulele twelve-string dx-piano",
        f"{_STRINGS} {_CHOIRS}", "glockenspiel clean-guitar pizzicato celesta music-box",
        "violin clean-guitar glockenspiel soprano-sax tin-whistle"),
    "electro": SampledGenre(0.30, "tr-kit electronic-kit", "synth-bass rubber-bass",
        "polysynth clavinet", "synth-strings choir-aahs space-voice", "polysynth clavinet",
        "polysynth tubular-bells"),
    "synthwave": SampledGenre(0.35, "electronic-kit power-kit", "synth-bass rubber-bass",
        "dx-piano polysynth brass-section", f"synth-strings choir-aahs {_AIRY}",
        "polysynth fantasia", "alto-sax overdriven-guitar polysynth"),
    "afrobeat": SampledGenre(0.65, "studio-kit", "finger-bass pick-bass",
        "clean-guitar rock-organ muted-guitar brass-section", "brass-section choir-aahs",
        "kalimba rosewood-marimba muted-guitar", "trumpet tenor-sax kalimba clean-guitar"),
    "reggae": SampledGenre(0.60, "studio-kit room-kit", "finger-bass pick-bass upright-bass",
        "clean-guitar drawbar-organ clavinet grand-piano brass-section",
        "choir-oohs string-ensemble",
        "clavinet steel-drums", "trombone harmonica trumpet steel-drums"),
    "blues": SampledGenre(0.70, "studio-kit brush-kit room-kit", "finger-bass upright-bass",
        "drawbar-organ honky-tonk overdriven-guitar clean-guitar steel-guitar",
        "brass-section string-ensemble", "steel-guitar clean-guitar",
        "harmonica slide-guitar overdriven-guitar alto-sax honky-tonk"),
    "jazz": SampledGenre(0.70, "jazz-kit brush-kit", "upright-bass upright-bass fretless-bass",
        "grand-piano jazz-guitar percussive-organ vibraphone brass-section",
        "slow-strings french-horn", "vibraphone jazz-guitar",
        "alto-sax tenor-sax trumpet muted-trumpet vibraphone clarinet trombone violin"),
    "industrial": SampledGenre(0.35, "power-kit electronic-kit", "pick-bass rubber-bass synth-bass",
        "distortion-guitar tremolo-strings", "choir-aahs tremolo-strings church-organ sweep",
        "distortion-guitar tubular-bells", "distortion-guitar tubular-bells shamisen"),
    "ambient": SampledGenre(0.45, "tr-kit brush-kit", "fretless-bass upright-bass",
        "tine-piano grand-piano harp", f"{_STRINGS} {_CHOIRS} {_AIRY} french-horn church-organ",
        "harp celesta kalimba music-box koto", "shakuhachi cello english-horn bowed-glass ocarina"),
    "chiptune": SampledGenre(0.15, "electronic-kit", "synth-bass", "polysynth", "bowed-glass",
        "xylophone music-box", "ocarina xylophone"),
    "waltz": SampledGenre(0.65, "brush-kit studio-kit orchestra-kit", "upright-bass tuba",
        "accordion grand-piano nylon-guitar harpsichord", f"{_STRINGS} reed-organ",
        "harp celesta music-box harpsichord", "accordion violin clarinet music-box oboe"),
    "six-eight": SampledGenre(0.55, "studio-kit room-kit power-kit", "finger-bass pick-bass",
        "steel-guitar grand-piano rock-organ twelve-string", f"{_STRINGS} {_CHOIRS}",
        "clean-guitar harp sitar", "violin overdriven-guitar sitar pan-flute"),
    "jazz waltz": SampledGenre(0.70, "jazz-kit brush-kit", "upright-bass fretless-bass",
        "grand-piano jazz-guitar tine-piano vibraphone", "slow-strings french-horn",
        "vibraphone jazz-guitar", "soprano-sax tenor-sax muted-trumpet concert-flute violin"),
    "viennese waltz": SampledGenre(0.70, "orchestra-kit brush-kit", "upright-bass tuba",
        "string-ensemble pizzicato harp grand-piano french-horn", f"{_STRINGS} french-horn",
        "harp pizzicato celesta glockenspiel", "violin viola oboe clarinet bassoon piccolo cello"),
    "gospel": SampledGenre(0.65, "studio-kit room-kit", "finger-bass fretless-bass",
        "drawbar-organ rock-organ grand-piano choir-aahs", f"{_CHOIRS} church-organ",
        "grand-piano clean-guitar", "alto-sax rock-organ grand-piano"),
    "irish": SampledGenre(0.70, "studio-kit brush-kit", "upright-bass finger-bass",
        "steel-guitar accordion mandolin banjo", "reed-organ string-ensemble",
        "harp banjo mandolin dulcimer", "fiddle tin-whistle recorder bagpipe banjo accordion"),
    "soul ballad": SampledGenre(0.65, "studio-kit brush-kit", "finger-bass fretless-bass",
        "tine-piano drawbar-organ clean-guitar grand-piano", f"{_STRINGS} choir-oohs brass-section",
        "clean-guitar vibraphone", "tenor-sax trumpet french-horn alto-sax"),
}  # fmt: skip
"""For every genre of revision 2."""


STRANGERS = 0.25
"""Of the sampled pitched parts, that are drawn from all genres: a sitar in techno."""

_PLAYS = {
    "drums": "kits", "bass": "bass", "chords": "chords", "pad": "pads", "arp": "arps",
    "melody": "leads",
}  # fmt: skip


def _options(genre: SampledGenre, kind: str) -> tuple[str, ...]:
    return tuple(getattr(genre, _PLAYS[kind]).split())


def _everywhere(kind: str) -> tuple[str, ...]:
    """All that some genre plays such a part with, each once."""
    return tuple(
        sorted({name for genre in SAMPLED_GENRES.values() for name in _options(genre, kind)})
    )


def maybe_sampled(part: PartSpec, genre: str, rng: np.random.Generator) -> PartSpec:
    """``part``, or the same played by a sampled instrument of its genre."""
    chosen = SAMPLED_GENRES[genre]
    if part.kind not in _PLAYS or rng.random() >= chosen.share:
        return part
    strange = part.kind != "drums" and rng.random() < STRANGERS
    name = one_of(rng, _everywhere(part.kind) if strange else _options(chosen, part.kind))
    if part.kind == "drums":
        return replace(part, sound=name, space=max(part.space, SAMPLED_KITS[name].least_space))
    voice = SAMPLED_VOICES[name]
    return replace(
        part,
        sound=name,
        drive=float(np.clip(part.drive, *voice.drive)),
        length=min(part.length, voice.most_length),
    )
