"""The words of a prompt: which of them a model has learned, and which it listens to.

A small model takes every word for what its captions meant by it. Where ``the`` stood in ``four on
the floor`` alone, it is a house beat, and so would be the riser "before the drop". So a word that
was never learned is not listened to, and a function word only beside the word that it was learned
beside.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from osc_server.contract.errors import ModelUnavailable

WORDS_FILE = "words.txt"
SYNONYMS_FILE = "synonyms.txt"
MAX_WORDS = 32
NUMBER = "0"
"""Stands for any number in a pair of words: no list can hold them all."""
_CLOSED_CLASSES = """
    a an the this that these those some any my your his her its our their every each all both more
    most much many few no
    on in of at to from with without by for into onto over under above below between through during
    before after around behind near off up down out upon as like than per via about across along
    against among until since
    and or but so yet nor then i me we us you he she it they one two three four five six seven eight
    nine ten
    is are was be been being do does did have has had can could will would shall should may might
    must just only very really quite rather too also there here where when while which who what how
    please
"""
FUNCTION_WORDS = frozenset(_CLOSED_CLASSES.split())
"""Words of the closed classes of English: they say nothing of a sound by themselves."""
_WORD = re.compile(r"\d+\.\d+|[\w#]+")  # a decimal number, or letters and digits; C# is a key
_NUMBER = re.compile(r"[\d.]+(?:bpm)?")
LONGEST_TERM = 3
"""Words of a term that has a synonym, at most."""
_MOST_BYTES = 1 << 20


def split_words(text: str) -> list[str]:
    """The words of a text, lower-cased, without punctuation."""
    return _WORD.findall(text.lower())


def is_number(word: str) -> bool:
    """Whether a word is a number or a tempo: no list of words can hold them all."""
    return _NUMBER.fullmatch(word) is not None


def pair_of(word: str, following: str) -> tuple[str, str]:
    """Two neighbours as a vocabulary lists them."""
    return word, NUMBER if is_number(following) else following


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a model has learned of words.

    Attributes:
        words: that it knows, lower-cased; no numbers.
        pairs: of a function word and the word after it, as they stood in its captions; none where
            nobody has listed them: then function words are words as any other.
        synonyms: known words that mean what another word, or several in a row, mean.
    """

    words: frozenset[str]
    pairs: frozenset[tuple[str, str]] = frozenset()
    synonyms: Mapping[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)

    def knows(self, word: str) -> bool:
        """Whether it has learned a word; all numbers are known."""
        return word in self.words or is_number(word)

    def explained(self) -> frozenset[str]:
        """All words of the terms that have synonyms."""
        return frozenset(word for term in self.synonyms for word in term)

    def unknown(self, text: str) -> tuple[str, ...]:
        """The words of a text that were never learned and have no synonym that was, each once."""
        strange = (word for word in self._taken_as(text) if not self.knows(word))
        return tuple(dict.fromkeys(strange))

    def heard(self, text: str) -> list[str]:
        """The words that the model listens to, in order.

        Synonyms stand in for words that it has never learned. Left out is what has none, and each
        function word that does not stand before a word as it did in the captions.
        """
        kept: list[str] = []
        following = ""  # the next word, where that is listened to
        for word in reversed(self._taken_as(text)):
            if self.knows(word) and self._means_something(word, following):
                kept.append(word)
                following = word
            else:
                following = ""
        return kept[::-1]

    def _taken_as(self, text: str) -> list[str]:
        """What the words of a text are taken for: synonyms of the longest terms, or themselves."""
        words, taken, i = split_words(text), list[str](), 0
        while i < len(words):
            runs = (tuple(words[i : i + n]) for n in range(LONGEST_TERM, 0, -1))
            term = next((run for run in runs if run in self.synonyms), (words[i],))
            taken += self.synonyms.get(term, term)
            i += len(term)
        return taken

    def _means_something(self, word: str, following: str) -> bool:
        if not self.pairs or word not in FUNCTION_WORDS:
            return True
        return pair_of(word, following) in self.pairs


def unknown_words(text: str, vocabulary: Vocabulary | None) -> tuple[str, ...]:
    """The words of a text that a model has never learned; none where that is not known of it."""
    return () if vocabulary is None else vocabulary.unknown(text)


def read_vocabulary(folder: Path) -> Vocabulary | None:
    """What a model folder says that its model has learned; None where it does not say.

    ``words.txt`` has a word on each line, or a function word and the word after it.
    ``synonyms.txt``, which may be missing, has lines such as ``hip hop drummer = boom bap drums``.

    Raises:
        ModelUnavailable: where its lists cannot be read.
    """
    lines = _lines(folder / WORDS_FILE)
    if lines is None:
        return None
    words = frozenset(line for line in lines if " " not in line)
    pairs = frozenset((line.split()[0], line.split()[1]) for line in lines if " " in line)
    vocabulary = Vocabulary(words, pairs)
    path = folder / SYNONYMS_FILE
    synonyms = dict(_synonym(line, vocabulary, path) for line in _lines(path) or ())
    return replace(vocabulary, synonyms=synonyms)


def write_vocabulary(vocabulary: Vocabulary, folder: Path) -> None:
    """Write what ``read_vocabulary`` reads, in alphabetical order."""
    lines = [*sorted(vocabulary.words), *sorted(" ".join(pair) for pair in vocabulary.pairs)]
    (folder / WORDS_FILE).write_text("\n".join(lines) + "\n", "utf-8")
    if vocabulary.synonyms:
        told = (" = ".join(map(" ".join, pair)) for pair in sorted(vocabulary.synonyms.items()))
        (folder / SYNONYMS_FILE).write_text("\n".join(told) + "\n", "utf-8")


def _lines(path: Path) -> list[str] | None:
    """Lines that are neither empty nor comments, in single spaces; None where no file is."""
    if not path.is_file():
        return None
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ModelUnavailable(f"{path} is too long for a list of words")
        lines = (" ".join(line.split()) for line in path.read_text("utf-8").splitlines())
        return [line for line in lines if line and not line.startswith("# ")]
    except (OSError, UnicodeDecodeError) as error:
        raise ModelUnavailable(f"{path} cannot be read: {error}") from error


def _synonym(
    line: str, vocabulary: Vocabulary, path: Path
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    term, _, meaning = (part.strip() for part in line.partition("="))
    words, known = tuple(split_words(term)), tuple(split_words(meaning))
    if not words or not known or len(words) > LONGEST_TERM:
        raise ModelUnavailable(
            f"{path}: {line!r:.80} is no `term = known words`, with at most {LONGEST_TERM} words "
            "in its term"
        )
    if strange := [word for word in known if not vocabulary.knows(word)]:
        raise ModelUnavailable(f"{path}: {' '.join(strange)} of {line!r:.80} is in no caption")
    return words, known
