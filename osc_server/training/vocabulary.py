"""The words that a model has learned: those of its captions, for what it says of other words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from osc_server.magnet.vocabulary import is_number, split_words
from osc_server.training.corpus.revisions import caption_of, draw
from osc_server.training.network_data import CAPTIONS_PER_CLIP
from osc_server.training.sizes import Size

SEEN_ENOUGH = 24
"""A word in fewer captions than this was not learned. One clip has eight, so it takes three."""


def learned_words(size: Size) -> tuple[str, ...]:
    """The words, in alphabetical order, that a training of this size has learned."""
    specs = (draw(size.seed + index, size.corpus_revision) for index in range(size.n_clips))
    return frequent_words(
        caption_of(spec, number) for spec in specs for number in range(CAPTIONS_PER_CLIP)
    )


def frequent_words(captions: Iterable[str]) -> tuple[str, ...]:
    """The words of captions, without numbers, that stand in enough of them."""
    counts = Counter(word for text in captions for word in set(split_words(text)))
    return tuple(
        sorted(word for word, n in counts.items() if n >= SEEN_ENOUGH and not is_number(word))
    )
