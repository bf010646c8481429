"""``report.md`` from ``figures.json``: every number in the text is read from the record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from osc_server.training.evaluation.classifier import KINDS
from osc_server.training.evaluation.measures import NOTE_COUNTS, Record
from osc_server.training.evaluation.seam import LARGEST_JUMP

_MISSED_SHOWN = 12
_SOURCES = {
    "corpus": "corpus clips",
    "codec": "the same through the codec",
    "generated": "generated",
    "smeared": "corpus clips, smeared (control)",
    "cut": "corpus clips, cut short (control)",
}


def write_report(figures: Record, pictures: Sequence[str], examples: Sequence[Record]) -> str:
    """The report as Markdown.

    Args:
        figures: the content of ``figures.json``.
        pictures: names of the PNG files beside the report, in the order of the sections.
        examples: records with ``file`` and ``caption`` of the audio files beside the report.
    """
    sections = [
        _head(figures),
        _goals(figures),
        _kinds(figures),
        _tempo(figures),
        _notes(figures),
        _seams(figures),
        _codec(figures),
        _pictures(pictures),
        _examples(examples),
        _method(figures),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _ratio(record: Mapping[str, Any]) -> str:
    low, high = record["interval"]
    return (
        f"{100 * record['share']:.0f} % ({record['hits']}/{record['total']}, "
        f"{100 * low:.0f} to {100 * high:.0f})"
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def _head(figures: Record) -> str:
    model, settings = figures["model"], figures["settings"]
    command = f"python -m osc_server.training.evaluation --model {model['name']}"
    return (
        f"# The {model['name']} model, measured\n\n"
        f"Weights `{model['weights_hash'][:12]}`, {model['sample_rate_hz']} Hz, "
        f"{model['n_codebooks']} codebooks of {model['codebook_size']}, window "
        f"{model['window_frames'] / model['frame_rate']:.2f} s. "
        f"Made by `{command} --{settings['name']}`; the numbers are in "
        "[figures.json](figures.json). Shares are followed by hits, clips and the 95 % interval. "
        "The prompts are held out: none of them, and no clip measured here, was trained on."
    )


def _goals(figures: Record) -> str:
    rows = [
        (g["name"], _ratio(g["value"]), f"{100 * g['goal']:.0f} %", "yes" if g["met"] else "**no**")
        for g in figures["goals"]
    ]
    return "## Goals\n\n" + _table(("goal", "measured", "at least", "met"), rows)


def _kinds(figures: Record) -> str:
    judge, heard = figures["classifier"], figures["kinds"]
    rows = [
        (
            kind,
            _ratio(judge["clean"]["by_kind"][kind]),
            _ratio(judge["codec"]["by_kind"][kind]),
            _ratio(heard["by_kind"][kind]),
        )
        for kind in KINDS
    ]
    rows.append(
        (
            "**all**",
            _ratio(judge["clean"]["overall"]),
            _ratio(judge["codec"]["overall"]),
            _ratio(heard["overall"]),
        )
    )
    text = (
        "## Is it the kind of sound that was asked for?\n\n"
        "A classifier, trained on corpus clips clean and through the codec, hears each clip. Its "
        "own accuracy on held-out corpus clips stands beside what it says of generated loops "
        "(chance 1 in 7).\n\n"
    )
    table = _table(("kind", "corpus", "corpus through the codec", "generated"), rows)
    worst = sorted(heard["by_prompt"].items(), key=lambda item: item[1]["share"])
    missed = [f"“{prompt}” ({r['hits']}/{r['total']})" for prompt, r in worst if r["share"] < 0.5]
    more = f"; and {len(missed) - _MISSED_SHOWN} more" if len(missed) > _MISSED_SHOWN else ""
    listed = "; ".join(missed[:_MISSED_SHOWN]) + more
    tail = f"\n\nPrompts missed more often than met: {listed}." if missed else ""
    return text + table + tail


def _tempo(figures: Record) -> str:
    tempo, grid, downbeat = figures["tempo"], figures["grid"], figures["downbeat"]
    ladder = _table(
        ("drums", "tempo within 2 %"),
        [(_SOURCES.get(name, name), _ratio(r)) for name, r in tempo["ladder"].items()],
    )
    rows = [
        (
            _SOURCES[source],
            f"{100 * grid[source]['on_grid']:.0f} %",
            f"{100 * grid[source]['chance']:.0f} %",
            f"{grid[source]['above_chance']:.2f}",
            f"{grid[source]['above_chance_wrong_tempo']:.2f}",
            f"{grid[source]['focus']:.2f}",
            f"{grid[source]['offset_ms']:+.1f} ms",
            _ratio(downbeat[source]["at_start"]),
        )
        for source in grid
    ]
    return (
        "## Is it at the asked tempo?\n\n"
        "Tempo is estimated blindly from the onsets (never told what was asked) and compared with "
        "octaves folded, powers of two only. "
        f"Generated clips agree with *another* clip's tempo in {_ratio(tempo['wrong_tempo'])}; "
        f"a random tempo would in {100 * tempo['chance']:.0f} %. The estimator is only as good as "
        "its first row.\n\n" + ladder + "\n\n"
        "Onsets against the asked grid of sixteenths: share of their strength within 30 ms of a "
        "position, against chance; the same for a grid 7 % too fast; length and angle of the mean "
        "phase; and how often the bar, by its pattern of low, middle and high onsets, starts where "
        "the loop starts (chance 6 %).\n\n"
        + _table(
            ("drums", "on the grid", "chance", "above chance", "same, wrong tempo", "focus",
             "offset", "downbeat at loop start"),
            rows,
        )
    )  # fmt: skip


def _notes(figures: Record) -> str:
    notes = figures["notes"]
    rows = []
    for kind, count in NOTE_COUNTS.items():
        for source, record in notes["sources"].items():
            within, median = record[kind]["within"], record[kind]["median"]
            names = ("contrast_db", "onsets_per_beat", count)
            cells = [f"{median[n]:.1f} ({100 * within[n]['share']:.0f} %)" for n in names]
            rows.append((kind, _SOURCES[source], _ratio(record[kind]["separate"]), *cells))
    return (
        "## Are there separate notes?\n\n"
        "A clip shows separate notes when its onset contrast reaches the corpus' 5th percentile, "
        "and its onsets and its notes (bass, arpeggios: steady stretches of one pitch; chords: "
        "changes of harmony in four beats) lie within the corpus' middle 90 %, as taken from other "
        "corpus clips. Medians follow, with the share of clips inside the corpus' middle 80 %. The "
        "control keeps timbre and register but smears what happens over a third of a second.\n\n"
        + _table(
            ("kind", "source", "separate notes", "contrast, dB", "onsets a beat",
             "notes a beat / chords a bar"),
            rows,
        )
    )  # fmt: skip


def _seams(figures: Record) -> str:
    rows = [
        (
            _SOURCES[source],
            _ratio(record["closed"]),
            f"{record['jump'][1]:.2f} / {record['jump'][3]:.2f}",
            f"{record['flux'][1]:.2f} / {record['flux'][3]:.2f}",
        )
        for source, record in figures["seam"].items()
    ]
    return (
        "## Do loops close?\n\n"
        "Jump: that of the waveform at the seam over the loop's own (closed: at most "
        f"{LARGEST_JUMP}). Flux: change of the spectrum at the seam over that at the loop's other "
        "bar lines.\n\n"
        + _table(("loops", "closed", "jump, median / p95", "flux, median / p95"), rows)
    )


def _codec(figures: Record) -> str:
    codec = figures["codec"]
    rows = [
        (kind, f"{r['mel']:.3f}", f"{r['convergence']:.3f}", f"{r['onsets']:.3f}")
        for kind, r in codec["by_kind"].items()
    ]
    everything = (codec["mel"], codec["convergence"], codec["onsets"])
    mel, convergence, onsets = (f"{value:.3f}" for value in everything)
    rows.append(("**all**", mel, convergence, onsets))
    books = [
        (str(k + 1), f"{b['perplexity']:.0f}", f"{b['used']} of {codec['codebook_size']}",
         f"{100 * b['repeats']:.0f} %")
        for k, b in enumerate(codec["codebooks"])
    ]  # fmt: skip
    return (
        "## The codec\n\n"
        f"{codec['clips']} held-out corpus clips, coded and decoded. Mel: mean absolute difference "
        "of log10 mel magnitudes (floor 1e-5) at four resolutions. Convergence at 2048: 0 is "
        "equal, 1 no better than silence. Onsets: correlation of the onset envelopes.\n\n"
        + _table(("kind", "mel", "convergence", "onsets"), rows)
        + "\n\n"
        + _table(("codebook", "perplexity", "codes used", "repeats the frame before"), books)
    )


def _pictures(pictures: Sequence[str]) -> str:
    if not pictures:
        return ""
    return "## Pictures\n\n" + "\n\n".join(f"![{p.split('.')[0]}]({p})" for p in pictures)


def _examples(examples: Sequence[Record]) -> str:
    if not examples:
        return ""
    rows = [(f"[{e['file']}]({e['file']})", e["caption"]) for e in examples]
    return "## Listen\n\n" + _table(("file", "prompt"), rows)


def _method(figures: Record) -> str:
    s = figures["settings"]
    return (
        "## How it was measured\n\n"
        f"Kinds: {s['kind_clips']} loops from held-out prompts, seeds {s['seed']} and up. "
        f"Tempo: {s['tempo_clips']} drum loops at {s['tempos']} tempos from {s['low_bpm']:g} to "
        f"{s['high_bpm']:g} bpm. Corpus clips measured: {s['reference_clips']}, from seeds that no "
        f"training uses; the classifier learned from {s['classifier_clips']} others. Loops are "
        "asked for through the server's own planning (4, 2 or 1 bars, the most that fit ten "
        "seconds), decoded as circles, and measured at the model's rate, before loudness and "
        "resampling. Nothing was chosen by ear or by hand; examples are the first of their kind."
    )
