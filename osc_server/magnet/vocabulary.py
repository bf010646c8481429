"""The words of a prompt, and which of them a model has learned."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from osc_server.contract.errors import ModelUnavailable

WORDS_FILE = "words.txt"
MAX_WORDS = 32
_WORD = re.compile(r"\d+\.\d+|[\w#]+")  # a decimal number, or letters and digits; C# is a key
_NUMBER = re.compile(r"[\d.]+(?:bpm)?")
_MOST_BYTES = 1 << 20


def split_words(text: str) -> list[str]:
    """The words that count, lower-cased, without punctuation, at most 32."""
    return _WORD.findall(text.lower())[:MAX_WORDS]


def is_number(word: str) -> bool:
    """Whether a word is a number or a tempo: no list of words can hold them all."""
    return _NUMBER.fullmatch(word) is not None


def unknown_words(text: str, known: Collection[str] | None) -> tuple[str, ...]:
    """The words of a text that are no numbers and not among the known ones, each once.

    Args:
        text: a prompt.
        known: what the model has learned; None = that is not known of it.
    """
    if known is None:
        return ()
    strange = (word for word in split_words(text) if word not in known and not is_number(word))
    return tuple(dict.fromkeys(strange))


def read_words(folder: Path) -> frozenset[str] | None:
    """The words that a model folder says its model has learned; None where it does not say.

    Raises:
        ModelUnavailable: where its list cannot be read.
    """
    path = folder / WORDS_FILE
    if not path.is_file():
        return None
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ModelUnavailable(f"{path} is too long for a list of words")
        return frozenset(path.read_text("utf-8").split())
    except (OSError, UnicodeDecodeError) as error:
        raise ModelUnavailable(f"{path} cannot be read: {error}") from error
