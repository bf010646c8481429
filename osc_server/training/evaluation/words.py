"""What the model says of words that it has never learned, and what those words do to what it plays.

What was learned is counted anew from the captions of the training, not taken from the list that
ships with the weights and that the model answers from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from osc_server.magnet.vocabulary import is_number, split_words
from osc_server.rendering.plan import Engine
from osc_server.training.evaluation.measures import Record
from osc_server.training.evaluation.ratio import Ratio
from osc_server.training.sizes import SIZES
from osc_server.training.vocabulary import training_captions


@dataclass(frozen=True, slots=True)
class Captions:
    """What the captions of a training hold.

    Attributes:
        total: how many there are.
        words: in how many of them each word is; numbers are none.
        found: prompts that are captions, letter for letter (capitals aside): they are not held out.
    """

    total: int
    words: Mapping[str, int]
    found: tuple[str, ...] = ()


def count_captions(n_clips: int, prompts: Sequence[str]) -> Captions:
    """What the captions hold of the first clips of the training that made the weights."""
    return read_captions(training_captions(SIZES["gpu"], n_clips), prompts)


def read_captions(texts: Iterable[str], prompts: Sequence[str]) -> Captions:
    """What these captions hold."""
    asked = {prompt.lower(): prompt for prompt in prompts}
    words: Counter[str] = Counter()
    found: set[str] = set()
    total = 0
    for text in texts:
        total += 1
        words.update(set(split_words(text)))
        if text.lower() in asked:
            found.add(asked[text.lower()])
    known = {word: n for word, n in words.items() if not is_number(word)}
    return Captions(total, known, tuple(sorted(found)))


@dataclass(frozen=True, slots=True)
class Asked:
    """Prompts that were asked for.

    Attributes:
        prompts: held-out ones.
        by_prompt: hits and total of each that was played, as ``measure_labels`` counts them.
        explained: words that the engine may take for others that it knows, so need not name.
    """

    prompts: Sequence[str]
    by_prompt: Mapping[str, Record]
    explained: Collection[str] = ()


def measure_words(engine: Engine, asked: Asked, captions: Captions) -> Record:
    """How truly strange words are named, and how often prompts that have some are followed.

    Args:
        engine: says which words it does not know.
        asked: what, and how it was followed.
        captions: of the training.
    """
    prompts, by_prompt = asked.prompts, asked.by_prompt
    said = {prompt: set(engine.unknown_words(prompt)) for prompt in prompts}
    held = {p: {w for w in split_words(p) if not is_number(w)} for p in prompts}
    every = set().union(*held.values())
    never = {word for word in every if word not in captions.words}
    strange = {prompt: words & never for prompt, words in held.items()}
    explained = set(asked.explained)
    taken = {p: strange[p] & explained - said[p] for p in prompts}
    to_name = {p: strange[p] - taken[p] for p in prompts}
    named = set().union(*said.values())
    followed = {
        name: Ratio(sum(r["hits"] for r in rows), sum(r["total"] for r in rows)).record()
        for name, rows in (
            ("known", [r for p, r in by_prompt.items() if not strange.get(p)]),
            ("strange", [r for p, r in by_prompt.items() if strange.get(p)]),
        )
    }
    return {
        "prompts": len(prompts),
        "captions": captions.total,
        "prompts_that_are_captions": list(captions.found),
        "prompts_with_strange_words": sum(map(bool, strange.values())),
        "named": Ratio.of(to_name[p] <= said[p] for p in prompts if to_name[p]).record(),
        "words": len(every),
        "never_captioned": len(never),
        "taken_for_others": len(set().union(*taken.values())),
        "seldom_captioned": sorted(named - never),
        "missed": sorted(set().union(*to_name.values()) - named),
        "followed": followed,
    }
