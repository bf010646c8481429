"""Sections of the report on what is heard in a loop: its kind, its family, and words unknown."""

from __future__ import annotations

from osc_server.training.evaluation.classifier import KINDS
from osc_server.training.evaluation.goals import GOOD_FAMILY
from osc_server.training.evaluation.measures import Record
from osc_server.training.evaluation.report_text import ratio, table

_MISSED_SHOWN = 12
_CONFUSED_FROM = 0.4  # of a family's loops that are heard as one and the same other


def kinds_section(figures: Record) -> str:
    """Whether the kind is the asked one."""
    judge, heard = figures["classifier"], figures["kinds"]
    sources = (judge["clean"], judge["codec"], judge["smeared"], heard)
    rows = [(kind, *(ratio(source["by_label"][kind]) for source in sources)) for kind in KINDS]
    rows.append(("**all**", *(ratio(source["overall"]) for source in sources)))
    text = (
        "## Is it the kind of sound that was asked for?\n\n"
        "A classifier, trained on corpus clips clean and through the codec, hears each clip. Its "
        "own accuracy on held-out corpus clips stands beside what it says of generated loops "
        "(chance 1 in 7). Smeared clips keep timbre and register, and lose all that happens faster "
        "than a third of a second: as far as they are still told, it is timbre that tells, and a "
        "loop without notes or groove may count.\n\n"
    )
    head = ("kind", "corpus", "corpus through the codec", "corpus, smeared (control)", "generated")
    return text + table(head, rows) + _missed(heard)


def _missed(heard: Record) -> str:
    worst = sorted(heard["by_prompt"].items(), key=lambda item: item[1]["share"])
    missed = [f"“{prompt}” ({r['hits']}/{r['total']})" for prompt, r in worst if r["share"] < 0.5]
    more = f"; and {len(missed) - _MISSED_SHOWN} more" if len(missed) > _MISSED_SHOWN else ""
    listed = "; ".join(missed[:_MISSED_SHOWN]) + more
    return f"\n\nPrompts missed more often than met: {listed}." if missed else ""


def families_section(figures: Record) -> str:
    """Whether the family is the asked one."""
    families = figures["families"]
    sources = ("clean", "codec", "generated", "free")
    rows = [
        (name, *(ratio(families[source]["by_label"][name]) for source in sources))
        for name in families["clean"]["by_label"]
    ]
    rows.append(("**all**", *(ratio(families[source]["overall"]) for source in sources)))
    good = sum(r["share"] >= GOOD_FAMILY for r in families["generated"]["by_label"].values())
    return (
        "## Is it the family that was asked for?\n\n"
        "Finer than kinds: instruments, rhythms and effects, heard by a second classifier of the "
        f"same make (chance 1 in {len(rows) - 1}). {good} of {len(rows) - 1} families are heard in "
        f"{100 * GOOD_FAMILY:.0f} % or more of their loops. *Generated*: from held-out prompts in "
        "the manner of the captions. *Free words*: from prompts of somebody who knew neither the "
        "corpus nor its captions, and had only the families' names; some only hint at the sound, "
        "and nobody knows what a listener would make of them.\n\n"
        + table(("family", "corpus", "corpus through the codec", "generated", "free words"), rows)
        + _confused(families["generated"])
        + _missed(families["generated"])
    )


def _confused(heard: Record) -> str:
    """What is often heard instead."""
    names = list(heard["by_label"])
    pairs = sorted(
        (
            (count / max(1, sum(row)), asked, names[j])
            for asked, row in zip(names, heard["confusion"], strict=True)
            for j, count in enumerate(row)
            if names[j] != asked
        ),
        reverse=True,
    )
    told = [f"{a} as {b} ({100 * part:.0f} %)" for part, a, b in pairs if part >= _CONFUSED_FROM]
    return f"\n\nOften heard as another: {'; '.join(told)}." if told else ""


def words_section(figures: Record) -> str:
    """Words that the model does not know."""
    words = figures["words"]
    known, strange = words["followed"]["known"], words["followed"]["strange"]
    seldom = ", ".join(words["seldom_captioned"])
    missed = ", ".join(words["missed"])
    leaked = ", ".join(f"“{prompt}”" for prompt in words["prompts_that_are_captions"])
    return (
        "## Does it say which words it does not know?\n\n"
        f"Of the {words['prompts']} held-out prompts {leaked or 'none'} "
        f"{'are' if ', ' in leaked else 'is'} among the {words['captions']:,} captions of the "
        f"training. {words['prompts_with_strange_words']} of them hold words "
        f"that stand in no caption of the training ({words['never_captioned']} of "
        f"{words['words']} words, counted anew from the captions). {words['taken_for_others']} of "
        "those are taken for words that the model knows, by its list of synonyms; the others are "
        "left out of what it hears, and `ready` names all of them in "
        f"{ratio(words['named'])} of those prompts"
        + (f"; it does not name {missed}" if missed else "")
        + ". "
        + (f"It also names, as learned too seldom: {seldom}. " if seldom else "")
        + "Prompts of families whose words are all known are heard as asked in "
        f"{ratio(known)}, those with strange words in {ratio(strange)}."
    )
