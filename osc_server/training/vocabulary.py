"""The words that a model has learned: those of its captions, for what it says of other words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

from osc_server.magnet.vocabulary import (
    FUNCTION_WORDS,
    Vocabulary,
    is_number,
    pair_of,
    split_words,
)
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


def learned_vocabulary(size: Size) -> Vocabulary:
    """The words that a training of this size has learned."""
    return frequent_words(training_captions(size, size.n_clips))


def frequent_words(captions: Iterable[str]) -> Vocabulary:
    """The words of captions, without numbers, and the pairs that stand in enough of them."""
    words: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    for text in captions:
        found = split_words(text)
        words.update(set(found))
        pairs.update({pair_of(*pair) for pair in pairwise(found) if pair[0] in FUNCTION_WORDS})
    return Vocabulary(
        frozenset(word for word, n in words.items() if n >= SEEN_ENOUGH and not is_number(word)),
        frozenset(pair for pair, n in pairs.items() if n >= SEEN_ENOUGH),
    )


def joined(first: Vocabulary | None, second: Vocabulary) -> Vocabulary:
    """What was learned before, and what was learned since.

    Synonyms stay, but for those of terms that are wholly known by now: they are heard themselves.
    """
    if first is None:
        return second
    both = Vocabulary(first.words | second.words, first.pairs | second.pairs)
    needed = {
        term: meaning
        for term, meaning in {**first.synonyms, **second.synonyms}.items()
        if not all(both.knows(word) for word in term)
    }
    return replace(both, synonyms=needed)
