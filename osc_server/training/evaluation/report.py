"""``report.md`` from ``figures.json``: every number in the text is read from the record."""

from __future__ import annotations

from collections.abc import Sequence

from osc_server.training.evaluation.measures import NOTE_COUNTS, Record
from osc_server.training.evaluation.report_hearing import (
    families_section,
    kinds_section,
    words_section,
)
from osc_server.training.evaluation.report_model import (
    closing_section,
    distance_section,
    variants_section,
)
from osc_server.training.evaluation.report_text import SOURCES, ratio, share, table
from osc_server.training.evaluation.seam import LARGEST_JUMP


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
        kinds_section(figures),
        families_section(figures),
        words_section(figures),
        _tempo(figures),
        _keys(figures),
        _notes(figures),
        _seams(figures),
        closing_section(figures),
        distance_section(figures),
        variants_section(figures),
        _codec(figures),
        _pictures(pictures),
        _examples(examples),
        _method(figures),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _head(figures: Record) -> str:
    model, settings = figures["model"], figures["settings"]
    command = f"python -m osc_server.training.evaluation --model {model['name']}"
    return (
        f"# The {model['name']} model, measured\n\n"
        f"Weights `{model['weights_hash'][:12]}`, {model['sample_rate_hz']} Hz, "
        f"{model['n_codebooks']} codebooks of {model['codebook_size']}, window "
        f"{model['window_frames'] / model['frame_rate']:.2f} s. "
        f"Made by `{command} --size {settings['name']}`; the numbers are in "
        "[figures.json](figures.json). Shares are followed by hits, clips and the 95 % interval. "
        "The prompts are held out: none of them, and no clip measured here, was trained on."
    )


def _goals(figures: Record) -> str:
    rows = [
        (g["name"], share(g["value"]), f"{100 * g['goal']:.0f} %", "yes" if g["met"] else "**no**")
        for g in figures["goals"]
    ]
    return "## Goals\n\n" + table(("goal", "measured", "at least", "met"), rows)


def _tempo(figures: Record) -> str:
    tempo, grid, downbeat = figures["tempo"], figures["grid"], figures["downbeat"]
    ladder = table(
        ("drums", "tempo within 2 %"),
        [(SOURCES.get(name, name), ratio(r)) for name, r in tempo["ladder"].items()],
    )
    rows = [
        (
            SOURCES[source],
            f"{100 * grid[source]['on_grid']:.0f} %",
            f"{100 * grid[source]['chance']:.0f} %",
            f"{grid[source]['above_chance']:.2f}",
            f"{grid[source]['above_chance_wrong_tempo']:.2f}",
            f"{grid[source]['focus']:.2f}",
            f"{grid[source]['offset_ms']:+.1f} ms",
            ratio(downbeat[source]["at_start"]),
        )
        for source in grid
    ]
    rhythm = figures["rhythm"]
    kinds = table(
        ("clips with a beat", "corpus clips", "generated"),
        [
            (name, ratio(rhythm["corpus"][name]), ratio(rhythm["generated"][name]))
            for name in rhythm["generated"]
        ],
    )
    return (
        "## Is it at the asked tempo?\n\n"
        "Tempo is estimated blindly from the onsets (never told what was asked) and compared with "
        "octaves folded, powers of two only. "
        f"Generated clips agree with *another* clip's tempo in {ratio(tempo['wrong_tempo'])}; "
        f"a random tempo would in {100 * tempo['chance']:.0f} %. The estimator is only as good as "
        "its first row. Words only: the tempo stands in the prompt and the model's own input of it "
        "is empty; not told: neither. The loop's length is whole bars in any case.\n\n"
        + ladder
        + "\n\nAll that has a beat: those drums, arpeggios of the kinds above (90, 120 and 140 "
        "bpm), and mixes that have drums, over the same tempos as the drums.\n\n"
        + kinds
        + "\n\n"
        "Onsets against the asked grid of sixteenths: share of their strength within 30 ms of a "
        "position, against chance; the same for a grid 7 % too fast; length and angle of the mean "
        "phase; and how often the bar, by its pattern of low, middle and high onsets, starts where "
        "the loop starts (chance 6 %).\n\n"
        + table(
            ("drums", "on the grid", "chance", "above chance", "same, wrong tempo", "focus",
             "offset", "downbeat at loop start"),
            rows,
        )
    )  # fmt: skip


def _keys(figures: Record) -> str:
    keys = figures["keys"]
    rows = [
        (SOURCES[source], ratio(r["within_a_fifth"]), ratio(r["same"]))
        for source, r in keys.items()
    ]
    kinds = [
        (
            kind,
            *(ratio(keys[source]["by_kind"][kind]) for source in ("corpus", "codec", "generated")),
        )
        for kind in keys["generated"]["by_kind"]
    ]
    return (
        "## Is it in the asked key?\n\n"
        "The key is estimated blindly from the pitch classes (profiles of Albrecht and Shanahan) "
        "and compared on the circle of fifths, where a key and its relative are one place: a loop "
        "of few notes says no more. Within a fifth, chance is 25 %, on the same place 8 %; what "
        "the same prompts give that were asked in no key is the last row.\n\n"
        + table(("tonal clips", "within a fifth", "the same"), rows)
        + "\n\n"
        + table(("kind, within a fifth", "corpus", "through the codec", "generated"), kinds)
    )


def _notes(figures: Record) -> str:
    notes = figures["notes"]
    rows = []
    for kind, count in NOTE_COUNTS.items():
        for source, record in notes["sources"].items():
            within, median = record[kind]["within"], record[kind]["median"]
            names = ("contrast_db", "onsets_per_beat", count)
            cells = [f"{median[n]:.1f} ({100 * within[n]['share']:.0f} %)" for n in names]
            rows.append((kind, SOURCES[source], ratio(record[kind]["separate"]), *cells))
    return (
        "## Are there separate notes?\n\n"
        "A clip shows separate notes when its onset contrast reaches the corpus' 5th percentile, "
        "and its onsets and its notes (bass, arpeggios: steady stretches of one pitch; chords: "
        "changes of harmony in four beats) lie within the corpus' middle 90 %, as taken from other "
        "corpus clips. Medians follow, with the share of clips inside the corpus' middle 80 %. The "
        "control keeps timbre and register but smears what happens over a third of a second.\n\n"
        + table(
            ("kind", "source", "separate notes", "contrast, dB", "onsets a beat",
             "notes a beat / chords a bar"),
            rows,
        )
    )  # fmt: skip


def _seams(figures: Record) -> str:
    rows = [
        (
            SOURCES[source],
            ratio(record["closed"]),
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
        + table(("loops", "closed", "jump, median / p95", "flux, median / p95"), rows)
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
        + table(("kind", "mel", "convergence", "onsets"), rows)
        + "\n\n"
        + table(("codebook", "perplexity", "codes used", "repeats the frame before"), books)
    )


def _pictures(pictures: Sequence[str]) -> str:
    if not pictures:
        return ""
    return "## Pictures\n\n" + "\n\n".join(f"![{p.split('.')[0]}]({p})" for p in pictures)


def _examples(examples: Sequence[Record]) -> str:
    if not examples:
        return ""
    n_good = sum("**" not in e["found"] for e in examples)
    rows = [
        (
            f"**{e['family']}**<br>{e['caption']}<br>[listen]({e['file']})",
            f"![]({e['picture']})",
            "<br>".join(text for text in (e["found"], e["seen"]) if text),
        )
        for e in examples
    ]
    return (
        "## Listen\n\n"
        "The first loop of each family, so that nobody has chosen it: the good ones and the bad "
        "ones. What was measured comes first, what is not as it should be in bold; then what is "
        f"seen in the picture. All is met by {n_good} of {len(examples)}.\n\n"
        + table(("asked", "", "measured, and seen"), rows)
    )


def _method(figures: Record) -> str:
    s = figures["settings"]
    return (
        "## How it was measured\n\n"
        f"Kinds: {s['kind_clips']} loops from held-out prompts, seeds {s['seed']} and up; "
        f"families: {s['family_clips_generated']}; keys: {s['key_loops']}. Tempo: "
        f"{s['tempo_clips']} drum loops and {s['mix_loops']} mixes at {s['tempos']} tempos from "
        f"{s['low_bpm']:g} to {s['high_bpm']:g} bpm. Seams: {s['closing_loops']} "
        f"loops, each closed in four ways. Ways to decode: {s['variant_clips']} loops of each. "
        f"Corpus clips measured: {s['reference_clips']}, and {s['reference_per_family']} of each "
        "family, from seeds that "
        f"no training uses; the classifier of kinds learned from {s['classifier_clips']} others, "
        f"that of families from {s['family_clips']}, each clean and through the codec, in "
        f"{s['classifier_steps']} steps. Loops are asked for through the server's own planning (4, "
        "2 or 1 bars, the most that fit ten seconds), decoded as circles, and measured at the "
        "model's rate, before loudness and resampling. Nothing was chosen by ear or by hand.\n\n"
        "What the numbers cannot say: the judges learned from the same synthesiser as the model, "
        "so they know whether a loop is like the corpus, and nothing of whether it is good music; "
        "nobody has listened for this report. Intervals take clips for independent, and several "
        "come from one prompt, so they are a little too narrow."
    )
