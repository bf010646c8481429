"""Sections of the report on distances, ways to decode, and what closes a loop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from osc_server.training.evaluation.frechet import N_COMPONENTS, WINDOW_SECONDS
from osc_server.training.evaluation.measures import Record
from osc_server.training.evaluation.report_text import SOURCES, ratio, share, table

_ANCHORS = {"corpus": "other corpus clips", "codec": "the same through the codec (floor)"}


def distance_section(figures: Record) -> str:
    """How far what the model plays is from the corpus."""
    distance = figures["distance"]
    names = SOURCES | _ANCHORS
    rows = [
        (
            names[source],
            *(
                cell
                for embedding in ("learned", "plain")
                for cell in (
                    _spread(distance[embedding][source]),
                    f"{distance[embedding][source]['pooled']:.2f}",
                )
            ),
        )
        for source in ("corpus", "codec", "generated", "shuffled")
    ]
    learned, plain = (100 * distance[name]["place"] for name in ("learned", "plain"))
    return (
        "## How far is it from the corpus?\n\n"
        f"Fréchet distance of {distance['clips']} clips to {figures['settings']['distance_clips']} "
        f"held-out corpus clips, in stretches of {WINDOW_SECONDS:g} s, in the first {N_COMPONENTS} "
        "principal components of an embedding, each of unit variance in the corpus. *Learned*: the "
        "layer before the last of the family classifier, which heard corpus clips alone. *Plain*: "
        "mean and spread of 16 cepstral coefficients, learned from nothing. *By kind*: the mean of "
        "the distances of each kind's clips to that kind in the corpus, so that it counts what was "
        "asked for; with the half of its 95 % interval, from clips drawn with replacement. *All*: "
        "all clips in one cloud, where shuffling captions changes nothing. Between floor and "
        f"ceiling, the model lies at {learned:.0f} % (learned) and {plain:.0f} % (plain).\n\n"
        + table(("clips", "learned, by kind", "all", "plain, by kind", "all"), rows)
    )


def _spread(record: Record) -> str:
    return f"{record['by_kind']:.2f} ± {record['half_width']:.2f}"


def variants_section(figures: Record) -> str:
    """The paper's ablations on this model."""
    rows = [
        (
            r["name"],
            _spread(r["learned"]),
            _more(r["learned"]["more"]),
            _more(r["plain"]["more"]),
            ratio(r["kinds"]),
            f"{r['rtf']:.3f}",
            r["paper"],
        )
        for r in figures["variants"]
    ]
    steps = ", ".join(map(str, figures["model"]["defaults"]["steps"]))
    return (
        "## Other ways to decode, and what the paper found\n\n"
        "The ablations of MAGNeT's paper (arXiv 2401.04577, tables 3 to 6) on this model: "
        f"{figures['settings']['variant_clips']} loops each, of the same prompts and seeds. As "
        f"shipped: steps {steps}, guidance "
        f"{figures['model']['defaults']['guidance_max']:g} to "
        f"{figures['model']['defaults']['guidance_min']:g} in the first codebook, spans of 3 "
        "frames, the later codebooks' attention within 5 frames. Distances as above, by kind; "
        "*more* is how much farther than as shipped, from the same prompts drawn in both, and said "
        "in bold where its 95 % interval leaves 0 out. Time: median seconds of drawing codes for a "
        "second of audio, on the machine that made this report. Spans and context were not trained "
        "anew, as the paper did: they show what decoding alone can change. The paper's findings "
        "are on other weights, data and judges; only their direction compares.\n\n"
        + table(
            ("decoding", "learned distance", "more", "plain: more", "asked kind", "time",
             "the paper"),
            rows,
        )
    )  # fmt: skip


def _more(pair: Sequence[float]) -> str:
    value, half = pair
    text = f"{value:+.2f} ± {half:.2f}"
    return f"**{text}**" if abs(value) > half > 0 else text


def closing_section(figures: Record) -> str:
    """What closes a loop."""
    closing = figures["closing"]
    rows = [
        (_closed(source), f"{r['seam']:.1f}", f"{r['inside']:.1f}", _lower(source, r))
        for source, r in closing["sources"].items()
    ]
    return (
        "## What closes a loop?\n\n"
        "As LoopGen measures it (arXiv 2504.04466): perplexity of the codes within a quarter of a "
        "second of the seam, the loop laid in a circle and each code judged by the network from "
        f"all that surrounds it; {closing['loops']} loops, each way from the same prompts and "
        "seeds. Plain: the same frames decoded as a line. Crossfaded: a plain loop rendered 0.24 s "
        "longer, its continuation faded into its start, and encoded again; what encoding alone "
        "costs is the last row against the one before. LoopGen reports 55 % less than plain.\n\n"
        + table(("loops", "at the seam", "inside", "seam lower than plain by"), rows)
    )


def _closed(source: str) -> str:
    return {
        "plain": "plain decoding",
        "crossfaded": "plain, crossfaded",
        "circular": "circular decoding (what ships)",
    }.get(source, source)


def _lower(source: str, record: dict[str, Any]) -> str:
    return "" if source == "plain" else share(record["lower_than_plain"])
