"""The words that a model has learned: those of its captions, for what it says of other words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from osc_server.magnet.vocabulary import is_number, split_words
from osc_server.training.corpus.revisions import caption_of, draw
from osc_server.training.network_data import CAPTIONS_PER_CLIP
from osc_server.training.sizes import Size

SEEN_ENOUGH = 24
"""A word in fewer captions than this was not learned. One clip has eight, so it takes three."""


def training_captions(size: Size, n_clips: int) -> Iterator[str]:
    """The captions of the first clips of a training of this size, as it draws them itself."""
    for index in range(n_clips):
        spec = draw(size.seed + index, size.corpus_revision)
        yield from (caption_of(spec, number) for number in range(CAPTIONS_PER_CLIP))


def learned_words(size: Size) -> tuple[str, ...]:
    """The words, in alphabetical order, that a training of this size has learned."""
    return frequent_words(training_captions(size, size.n_clips))


def frequent_words(captions: Iterable[str]) -> tuple[str, ...]:
    """The words of captions, without numbers, that stand in enough of them."""
    counts = Counter(word for text in captions for word in set(split_words(text)))
    return tuple(
        sorted(word for word, n in counts.items() if n >= SEEN_ENOUGH and not is_number(word))
    )
