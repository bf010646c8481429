"""Distances of what the model plays to the corpus, with anchors that say what near and far are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from osc_server.training.evaluation.ablations import SHIPPED, Variants
from osc_server.training.evaluation.classifier import KINDS, Classifier
from osc_server.training.evaluation.frechet import (
    Axes,
    Comparison,
    compare_clouds,
    learned_embedding,
    plain_embedding,
    shuffled,
)
from osc_server.training.evaluation.measures import Record, each, measure_kinds
from osc_server.training.evaluation.specimen import Specimen

Embed = Callable[[Specimen], NDArray[np.float64]]
_Clouds = dict[str, list[NDArray[np.float64]]]


@dataclass(frozen=True, slots=True)
class Ruler:
    """Measures sets of clips against the corpus in one embedding."""

    embed: Embed
    reference: _Clouds
    axes: Axes
    seed: int

    @classmethod
    def of(cls, embed: Embed, corpus: Sequence[Specimen], seed: int) -> Ruler:
        """A ruler that begins at these corpus clips, of all kinds."""
        reference = _clouds(embed, corpus)
        points = np.concatenate([cloud for clouds in reference.values() for cloud in clouds])
        return cls(embed, reference, Axes.of(points), seed)

    def compare(self, clips: Sequence[Specimen], *, mislabelled: bool = False) -> Comparison:
        """Measure clips; ``mislabelled`` is the control of shuffled captions."""
        clouds = _clouds(self.embed, clips)
        wanted = shuffled(clouds) if mislabelled else clouds
        return compare_clouds(self.reference, wanted, self.axes, self.seed)


def _clouds(embed: Embed, clips: Sequence[Specimen]) -> _Clouds:
    """Embeddings of each kind's clips, in the order of the kinds."""
    embedded = each(embed, clips)
    return {
        kind: found
        for kind in KINDS
        if (found := [e for e, s in zip(embedded, clips, strict=True) if s.kind == kind])
    }


def rulers(classifier: Classifier, corpus: Sequence[Specimen], seed: int) -> dict[str, Ruler]:
    """The learned embedding and the plain one."""
    return {
        "learned": Ruler.of(lambda s: learned_embedding(classifier, s), corpus, seed),
        "plain": Ruler.of(plain_embedding, corpus, seed),
    }


def measure_distances(
    by_embedding: Mapping[str, Ruler],
    corpus: Sequence[Specimen],
    copies: Sequence[Specimen],
    generated: Sequence[Specimen],
) -> Record:
    """Generated clips between two anchors: the codec's copies, and captions shuffled.

    Of each source as many clips of each kind are taken as there are of all: a distance of few
    clips is larger than that of many.
    """
    n = _fewest(corpus, generated)
    sources = {
        "corpus": _first(corpus, n),
        "codec": _first(copies, n),
        "generated": _first(generated, n),
    }
    record: Record = {"clips": n * len(KINDS)}
    for name, ruler in by_embedding.items():
        found = {source: ruler.compare(clips) for source, clips in sources.items()}
        found["shuffled"] = ruler.compare(sources["generated"], mislabelled=True)
        record[name] = {source: _record(comparison) for source, comparison in found.items()}
        floor, ceiling = found["codec"].by_kind, found["shuffled"].by_kind
        place = (found["generated"].by_kind - floor) / max(1e-9, ceiling - floor)
        record[name]["place"] = round(float(place), 4)
    return record


def measure_anchors(
    by_embedding: Mapping[str, Ruler],
    corpus: Sequence[Specimen],
    copies: Sequence[Specimen],
    played: Variants,
) -> Record:
    """What near and far are for as few clips as a way to decode plays."""
    shipped = next(found for variant, found in played if variant.name == SHIPPED)
    n = _fewest(corpus, shipped.clips)
    record: Record = {"clips": n * len(KINDS)}
    for name, ruler in by_embedding.items():
        record[name] = {
            "corpus": _record(ruler.compare(_first(corpus, n))),
            "codec": _record(ruler.compare(_first(copies, n))),
            "shuffled": _record(ruler.compare(_first(shipped.clips, n), mislabelled=True)),
        }
    return record


def measure_variants(
    by_embedding: Mapping[str, Ruler],
    classifier: Classifier,
    played: Variants,
) -> list[Record]:
    """Distance, prompt following and time of each way to decode, beside the shipped one."""
    shipped = next(found for variant, found in played if variant.name == SHIPPED)
    base = {name: ruler.compare(shipped.clips) for name, ruler in by_embedding.items()}
    rows: list[Record] = []
    for variant, found in played:
        here = {name: ruler.compare(found.clips) for name, ruler in by_embedding.items()}
        rows.append(
            {
                "name": variant.name,
                "paper": variant.paper,
                "expected": variant.expected,
                "kinds": measure_kinds(classifier, found.clips)["overall"],
                "rtf": round(float(np.median(found.rtf)), 4),
                **{
                    name: _record(comparison) | _differences(comparison, base[name])
                    for name, comparison in here.items()
                },
            }
        )
    return rows


def _fewest(*sources: Sequence[Specimen]) -> int:
    """Clips of a kind that each of the sources has of every kind."""
    return min(sum(s.kind == kind for s in clips) for clips in sources for kind in KINDS)


def _first(clips: Sequence[Specimen], n: int) -> list[Specimen]:
    return [s for kind in KINDS for s in [s for s in clips if s.kind == kind][:n]]


def _record(comparison: Comparison) -> Record:
    return {
        "pooled": round(comparison.pooled, 3),
        "by_kind": round(comparison.by_kind, 3),
        "half_width": round(comparison.half_width, 3),
    }


def _differences(here: Comparison, base: Comparison) -> Record:
    """By how much farther than the shipped way: the figure, and the half of its 95 % interval.

    The same prompts were drawn in both resamplings, so what they share cancels.
    """
    by_kind, pooled = here.resampled - base.resampled, here.resampled_pooled - base.resampled_pooled
    return {
        "more": [round(here.by_kind - base.by_kind, 3), round(1.96 * float(by_kind.std()), 3)],
        "more_pooled": [round(here.pooled - base.pooled, 3), round(1.96 * float(pooled.std()), 3)],
    }
