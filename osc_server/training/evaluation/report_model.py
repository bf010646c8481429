"""Sections of the report on distances, ways to decode, and what closes a loop."""

from __future__ import annotations

from collections.abc import Sequence

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
            *(cell for embedding in ("learned", "plain") for cell in _more(r[embedding])),
            ratio(r["kinds"]),
            f"{r['rtf']:.2f}",
            r["paper"],
            agrees(r["expected"], r["learned"]["more_pooled"]),
        )
        for r in figures["variants"]
    ]
    defaults = figures["model"]["defaults"]
    steps = ", ".join(map(str, defaults["steps"]))
    return (
        "## Other ways to decode, and what the paper found\n\n"
        "The ablations of MAGNeT's paper (arXiv 2401.04577, tables 3 to 6) on this model: "
        f"{figures['settings']['variant_clips']} loops each, of the same prompts and seeds. As "
        f"shipped: steps {steps}, guidance {defaults['guidance_max']:g} to "
        f"{defaults['guidance_min']:g} in the first codebook, spans of 3 frames, the later "
        "codebooks' attention within 5 frames. Distances as above: of all clips in one cloud, "
        "as the paper measures, and by kind. The first row says how far the shipped way is, the "
        "others by how much farther they are, with the half of the 95 % interval of the "
        "difference (the same prompts are drawn in both), in bold where that leaves 0 out: of "
        "so many cells, one in twenty is bold by chance. The last column takes the first distance. "
        "Time: median seconds of drawing codes for a second of audio, one thread beside other "
        "programs: only its ratios say something (docs/performance.md has the real ones). Spans "
        "and context were not trained anew, as the paper did: they show what decoding alone can "
        "change. The paper's findings are on other weights, data and judges; only their direction "
        "compares.\n\n"
        + table(
            ("decoding", "learned, all", "by kind", "plain, all", "by kind", "asked kind", "time",
             "the paper", "so here?"),
            rows,
        )
        + _anchors(figures["variant_anchors"])
    )  # fmt: skip


def agrees(expected: str, pair: Sequence[float]) -> str:
    """Whether a way is farther or nearer than the shipped one as the paper would have it."""
    value, half = pair
    if not expected:
        return ""
    if abs(value) <= half:
        return "not seen"
    return "yes" if (value > 0) == (expected == "worse") else "**the opposite**"


def _more(record: Record) -> tuple[str, str]:
    """The distances of the shipped way, or how much farther another one is."""
    if record["more"] == record["more_pooled"] == [0.0, 0.0]:
        return f"{record['pooled']:.2f}", _spread(record)
    return _signed(record["more_pooled"]), _signed(record["more"])


def _signed(pair: Sequence[float]) -> str:
    value, half = pair
    text = f"{value:+.2f} ± {half:.2f}"
    return f"**{text}**" if abs(value) > half > 0 else text


def _anchors(record: Record) -> str:
    rows = [
        (
            (SOURCES | _ANCHORS)[source],
            *(
                cell
                for embedding in ("learned", "plain")
                for cell in (
                    f"{record[embedding][source]['pooled']:.2f}",
                    _spread(record[embedding][source]),
                )
            ),
        )
        for source in ("corpus", "codec", "shuffled")
    ]
    return (
        f"\n\nFor as few clips ({record['clips']}) the anchors are these; a distance of few clips "
        "is larger than that of many, so they compare with the first row and not with the table "
        "before.\n\n" + table(("clips", "learned, all", "by kind", "plain, all", "by kind"), rows)
    )


def closing_section(figures: Record) -> str:
    """What closes a loop."""
    closing = figures["closing"]
    rows = [
        (
            _CLOSED[source],
            *(_judged(source, closing["reader"][source]) if closing["reader"] else ("", "", "")),
            *_judged(source, closing["sources"][source]),
        )
        for source in closing["sources"]
    ]
    return (
        "## What closes a loop?\n\n"
        "Perplexity of the codes at the seam, the loop laid in a circle: "
        f"{closing['loops']} loops, each way from the same prompts and seeds. *Reader*: as LoopGen "
        "measures it (arXiv 2504.04466, and its published code), an autoregressive model comes out "
        "of the loop's end and judges the first codebook of the five frames that follow. LoopGen's "
        "is a MusicGen; here it is the companion of this model, the same weights trained to read "
        "from the past alone. *Network*: the network that drew the loop judges all codes within a "
        "quarter of a second of the seam from both sides; it drew circular loops in that very way, "
        "which is in their favour. Plain: the same frames decoded as a line. Crossfaded: a plain "
        "loop rendered 0.24 s longer, its continuation faded into its start. *Again*: from the "
        "loop's audio, encoded again, as LoopGen does; each is held against plain decoding of its "
        "own sort. LoopGen reports 55 % less, for a model that is told neither tempo nor bars, so "
        "that its plain loops end anywhere; this one is told both, and its plain loops end on a "
        "bar already.\n\n"
        + table(
            ("loops", "reader: after the seam", "elsewhere", "lower than plain by",
             "network: at the seam", "elsewhere", "lower than plain by"),
            rows,
        )
    )  # fmt: skip


_CLOSED = {
    "plain": "plain decoding",
    "circular": "circular decoding (what ships)",
    "plain again": "plain, again",
    "crossfaded again": "plain and crossfaded, again",
    "circular again": "circular, again",
}


def _judged(source: str, record: Record) -> tuple[str, str, str]:
    lower = "" if source in ("plain", "plain again") else share(record["lower_than_plain"])
    return f"{record['seam']:.1f}", f"{record['inside']:.1f}", lower
