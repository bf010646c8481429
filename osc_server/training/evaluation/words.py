"""What the model says of words that it has never learned, and what those words do to what it plays.

What was learned is counted anew from the captions of the training, not taken from the list that
ships with the weights and that the model answers from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from osc_server.magnet.vocabulary import is_number, split_words
from osc_server.rendering.plan import Engine
from osc_server.training.corpus.captions import caption
from osc_server.training.corpus.spec import draw_spec
from osc_server.training.evaluation.measures import Record
from osc_server.training.evaluation.ratio import Ratio
from osc_server.training.network_data import CAPTIONS_PER_CLIP
from osc_server.training.sizes import SIZES


def counted_words(n_clips: int) -> Counter[str]:
    """How many captions of the first clips of the training hold each word; numbers are none."""
    counts: Counter[str] = Counter()
    first_seed = SIZES["gpu"].seed
    for index in range(n_clips):
        spec = draw_spec(first_seed + index)
        for number in range(CAPTIONS_PER_CLIP):
            counts.update(set(split_words(caption(spec, number))))
    return Counter({word: n for word, n in counts.items() if not is_number(word)})


def measure_words(
    engine: Engine,
    prompts: Sequence[str],
    counts: Mapping[str, int],
    by_prompt: Mapping[str, Record],
) -> Record:
    """How truly strange words are named, and how often prompts that have some are followed.

    Args:
        engine: says which words it does not know.
        prompts: held-out ones.
        counts: see ``counted_words``.
        by_prompt: hits and total of each prompt, as ``measure_labels`` counts them.
    """
    said = {prompt: set(engine.unknown_words(prompt)) for prompt in prompts}
    held = {p: {w for w in split_words(p) if not is_number(w)} for p in prompts}
    strange = {prompt: {w for w in words if not counts.get(w)} for prompt, words in held.items()}
    every = set().union(*held.values())
    never = {word for word in every if not counts.get(word)}
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
        "prompts_with_strange_words": sum(map(bool, strange.values())),
        "named": Ratio.of(strange[p] <= said[p] for p in prompts if strange[p]).record(),
        "words": len(every),
        "never_captioned": len(never),
        "seldom_captioned": sorted(named - never),
        "missed": sorted(never - named),
        "followed": followed,
    }
