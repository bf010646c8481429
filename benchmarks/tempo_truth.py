"""Are clips at the tempo that was asked for, and does their bar begin where the loop begins?

    nice python benchmarks/tempo_truth.py [--clips 100] [--mistaken 40] [--codes FOLDER]
        [--out FILE]

Three things are measured, and printed as tables for docs/tempo.md: the tempo measure itself on
rendered loops whose tempo is known; clips of the embedded model at 20 tempos; and the same clips
taken for another tempo, as if they came from a model that is only told it in words. Onsets, grid
and downbeat are judged by the evaluation's own measures, which share nothing with what conforms
and turns. ``--codes`` keeps what was drawn, so that a second run takes a minute.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import cast

import numpy as np
import torch

from osc_server.contract.musical_time import beats_to_samples
from osc_server.contract.requests import GenerateClip
from osc_server.magnet.engine import load_engine
from osc_server.rendering.generating import generate
from osc_server.rendering.plan import Audio, Codes, Decoded, Engine
from osc_server.rendering.planning import plan_clip
from osc_server.rendering.takes import Take, finish_take
from osc_server.rendering.tempo import bpm_measured
from osc_server.rendering.tempo_truth import CLEAR_BEAT
from osc_server.training.corpus.held_out import HELD_OUT
from osc_server.training.corpus.spec import draw_spec
from osc_server.training.evaluation.generation import bars_for
from osc_server.training.evaluation.grid import bar_profile, downbeat_place, grid_figures
from osc_server.training.evaluation.material import (
    CLASSIFIER_SEED,
    REFERENCE_SEED,
    corpus_specimen,
    render,
    seeds_of_kind,
)
from osc_server.training.evaluation.onsets import ENVELOPE_RATE_HZ, onset_envelope, pick_onsets

KINDS = (("drums",), ("drums",), ("mix",), ("bass", "arp"), ("pad", "chords"))
"""What is asked for in turn at each tempo; of several, in turn from tempo to tempo."""
N_TEMPOS = 20
ON_GRID_SECONDS = 0.010
_SEEDS = 20_000
_LIBRARY_CLIPS = 200
_LOOKED_AT = 600  # corpus clips, to find one near each tempo
_ASKED_APART = 1.04  # the measure is told a tempo that is so far from the true one


@dataclass(frozen=True, slots=True)
class Ask:
    """A clip to make, and what kind of sound it is."""

    kind: str
    request: GenerateClip


@dataclass(frozen=True, slots=True)
class Made:
    """A clip: as drawn, and as delivered."""

    ask: Ask
    drawn: Take
    delivered: Take


def tempos() -> list[float]:
    """20 tempos from 70 to 174 BPM, in equal ratios, to the half BPM."""
    return [round(2 * float(bpm)) / 2 for bpm in np.geomspace(70, 174, N_TEMPOS)]


def asks(engine: Engine, n_clips: int) -> list[Ask]:
    """Clips of all kinds at all tempos; every fifth tempo comes before the next."""
    asked: list[Ask] = []
    for i in range(n_clips):
        row, column = divmod(i, len(KINDS))
        kind = KINDS[column][row % len(KINDS[column])]
        prompts = [prompt.text for prompt in HELD_OUT if prompt.kind == kind]
        bpm = tempos()[row * 7 % N_TEMPOS]
        words = prompts[sum(ask.kind == kind for ask in asked) % len(prompts)]
        bars = float(bars_for(bpm, engine.info))
        asked.append(Ask(kind, GenerateClip(i, prompt=words, bars=bars, bpm=bpm, seed=_SEEDS + i)))
    return asked


def drawn_codes(engine: Engine, request: GenerateClip, folder: Path | None) -> Decoded:
    """What the engine draws, or drew before."""
    plan = plan_clip(request, engine.info, request.seed or 0).plan
    what = (plan.prompt, plan.n_frames, plan.wrap_frames, plan.seed, plan.decoding, plan.beat_grid)
    name = hashlib.sha256(repr((*what, engine.info.weights_hash)).encode()).hexdigest()[:24]
    path = None if folder is None else folder / f"{name}.npz"
    if path is not None and path.exists():
        with np.load(path) as kept:
            return Decoded(kept["codes"], kept["confidence"])
    decoded = engine.generate([plan], lambda done, steps: None)[0]
    if path is not None:
        np.savez(path, codes=decoded.codes, confidence=decoded.confidence)
    return decoded


def make(engine: Engine, ask: Ask, decoded: Decoded, *, knows_tempo: bool = True) -> Made:
    """Finish a clip as the server does, without and with conforming."""
    takes = []
    for conform in (False, True):
        piece = generate(replace(ask.request, conform=conform), engine)
        if not knows_tempo:
            piece = replace(piece, canvas=replace(piece.canvas, grid=None))
        takes.append(finish_take(piece, ask.request.seed or 0, decoded))
    return Made(ask, *takes)


class _DecodesOnce:
    """The engine, for one clip whose codes are finished several times."""

    def __init__(self, engine: Engine) -> None:
        self.info = engine.info
        self._engine = engine
        self._audio: Audio | None = None

    def decode(self, codes: Codes, *, circular: bool) -> Audio:
        """As the engine does; the codes are always the same."""
        if self._audio is None:
            self._audio = self._engine.decode(codes, circular=circular)
        return self._audio


def mistaken(made: Made, n_more: int) -> Ask:
    """The same seconds asked for as a beat more or less: at another tempo."""
    request = made.ask.request
    beats = request.length_beats
    other = beats + n_more
    bpm = request.bpm * float(Fraction(other) / beats)
    return replace(made.ask, request=replace(request, bars=None, beats=float(other), bpm=bpm))


def off_grid_seconds(take: Take) -> float:
    """Median distance of a take's onsets from the nearest sixteenth of the asked tempo."""
    request = take.piece.request
    mono = take.finished.audio.mean(axis=1)
    envelope = onset_envelope(mono, request.rate_hz, loop=True)
    onsets = pick_onsets(envelope, loop=True) / ENVELOPE_RATE_HZ
    if not len(onsets):
        return float("nan")
    sixteenth = 15 / request.bpm
    apart = np.abs(onsets / sixteenth - np.round(onsets / sixteenth)) * sixteenth
    return float(np.median(apart))


def place(take: Take, library: np.ndarray) -> int:
    """Sixteenth at which the evaluation hears the bar begin."""
    request = take.piece.request
    mono = take.finished.audio.mean(axis=1)
    profile = bar_profile(mono, request.rate_hz, request.bpm, loop=True)
    return downbeat_place(profile, library)


def known_tempos() -> str:
    """The measure on corpus loops of drums, one near each tempo."""
    seeds = seeds_of_kind("drums", _LOOKED_AT, REFERENCE_SEED, in_four=True)
    bpms = np.array([draw_spec(seed).bpm for seed in seeds])
    errors = []
    for bpm in tempos():
        loop = corpus_specimen(seeds[int(np.abs(bpms - bpm).argmin())])
        told = loop.bpm * _ASKED_APART
        found = bpm_measured(loop.audio[:, None], loop.rate_hz, told, loop=True)
        errors.append(abs(found / loop.bpm - 1) * 100)
    right = sum(error <= 0.2 for error in errors)
    return f"within 0.2 %: {right} of {len(errors)}; worst {max(errors):.3f} %"


def timing(made: Sequence[Made]) -> str:
    """Rows of a table: how many are rhythmic, and of these, how many are in time."""
    rows = [
        "| kind | clips | with a clear beat | on the grid | as drawn | median off | exact length |"
    ]
    rows.append("|---|---|---|---|---|---|---|")
    kinds = dict.fromkeys(one.ask.kind for one in made)
    for kind in (*kinds, "all"):
        some = [one for one in made if kind in (one.ask.kind, "all")]
        beats = [one for one in some if _is_rhythmic(one)]
        off = np.array([off_grid_seconds(one.delivered) for one in beats])
        before = np.array([off_grid_seconds(one.drawn) for one in beats])
        exact = sum(_is_exact(one) for one in some)
        rows.append(
            f"| {kind} | {len(some)} | {len(beats)} | {(off <= ON_GRID_SECONDS).sum()} "
            f"| {(before <= ON_GRID_SECONDS).sum()} "
            f"| {np.median(off) * 1000 if len(off) else 0:.1f} ms | {exact} |"
        )
    return "\n".join(rows)


def touched(made: Sequence[Made]) -> str:
    """What conforming did, and what it could not do."""
    stretched = [one for one in made if one.delivered.measured.stretch != 1]
    turned = [one for one in made if one.delivered.measured.turned_beats != 0]
    flagged = [one for one in made if one.delivered.off_bpm]
    silent = [one for one in made if not _is_rhythmic(one)]
    same = [np.array_equal(one.drawn.finished.audio, one.delivered.finished.audio) for one in made]
    kept = sum(
        np.array_equal(one.drawn.finished.audio, one.delivered.finished.audio) for one in silent
    )
    ends = [abs(one.delivered.measured.bpm_measured / one.ask.request.bpm - 1) for one in stretched]
    worst = f", at most {max(ends) * 100:.2f} % off then" if ends else ""
    return (
        f"stretched {len(stretched)}{worst}; turned {len(turned)}; could not be conformed "
        f"{len(flagged)}; bit for bit as drawn {sum(same)}; without a clear beat {len(silent)}, of "
        f"which untouched {kept}"
    )


def downbeats(made: Sequence[Made]) -> str:
    """Of drum loops, before and after: how many begin with their bar, as the evaluation hears."""
    seeds = seeds_of_kind("drums", _LIBRARY_CLIPS, CLASSIFIER_SEED, in_four=True)
    library = np.stack(
        [bar_profile(s.audio, s.rate_hz, s.bpm, loop=True) for s in render(seeds, 1)]
    )
    drums = [one for one in made if one.ask.kind == "drums"]
    rows = ["| drum loops | bar at the start | start or half bar | places 0 to 15 |"]
    rows.append("|---|---|---|---|")
    for name, takes in (
        ("as drawn", [one.drawn for one in drums]),
        ("delivered", [one.delivered for one in drums]),
    ):
        counts = np.bincount([place(take, library) for take in takes], minlength=16)
        rows.append(
            f"| {name} | {counts[0]} of {len(drums)} | {counts[0] + counts[8]} of {len(drums)} "
            f"| {' '.join(str(count) for count in counts)} |"
        )
    return "\n".join(rows)


def focus(made: Sequence[Made]) -> str:
    """The evaluation's grid figures over all that has a clear beat."""
    beats = [one.delivered for one in made if _is_rhythmic(one)]
    figures = [
        grid_figures(
            take.finished.audio.mean(axis=1),
            take.piece.request.rate_hz,
            take.piece.request.bpm,
            loop=True,
        )
        for take in beats
    ]
    near = sum(abs(figure.offset_ms) <= 1000 * ON_GRID_SECONDS for figure in figures)
    return f"mean phase within 10 ms of the grid: {near} of {len(figures)}"


def _is_rhythmic(made: Made) -> bool:
    return made.drawn.measured.tempo_confidence >= CLEAR_BEAT


def _is_exact(made: Made) -> bool:
    request = made.ask.request
    wanted = beats_to_samples(request.length_beats, request.bpm, request.rate_hz)
    return len(made.delivered.finished.audio) == wanted


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=100)
    parser.add_argument("--mistaken", type=int, default=40, help="clips taken for another tempo")
    parser.add_argument("--codes", type=Path)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.codes is not None:
        options.codes.mkdir(parents=True, exist_ok=True)
    engine = load_engine("embedded", models_folder=Path("models"), device="cpu")
    made, others = [], []
    for ask in asks(engine, options.clips):
        decoded = drawn_codes(engine, ask.request, options.codes)
        once = cast(Engine, _DecodesOnce(engine))
        made.append(make(once, ask, decoded))
        if ask.request.bars == 4 and len(made) <= options.mistaken:
            other = mistaken(made[-1], (-1, 1)[len(others) % 2])
            others.append(make(once, other, decoded, knows_tempo=False))
        print(f"{len(made)} of {options.clips}", end="\r", flush=True)
    parts = [
        f"Known tempos: {known_tempos()}.",
        f"{timing(made)}\n\n{touched(made)}; {focus(made)}.",
        f"Taken for another tempo, 4 bars as 15 or 17 beats:\n\n{timing(others)}\n\n"
        f"{touched(others)}.",
        downbeats(made),
    ]
    text = "\n\n".join(parts) + "\n"
    print(text)
    if options.out is not None:
        options.out.write_text(text)


if __name__ == "__main__":
    main()
