"""What the figures come to, in a few sentences that a musician can use; made from them alone."""

from __future__ import annotations

from osc_server.training.evaluation.measures import Record
from osc_server.training.evaluation.report_text import table

_ALWAYS, _SELDOM = 1.0, 0.4
_GOOD_JUDGE = 0.9


def summary_section(figures: Record) -> str:
    """What it does, what it does not, and what was not decided."""
    families = figures["families"]["generated"]["by_label"]
    always = [name for name, r in families.items() if r["share"] >= _ALWAYS]
    seldom = [name for name, r in families.items() if r["share"] <= _SELDOM]
    each = next(iter(families.values()))["total"]
    rows = [
        (f"heard as asked in all {each} loops", ", ".join(always)),
        (f"heard as asked in at most {_SELDOM * each:.0f} of {each}", ", ".join(seldom)),
        ("in time", _in_time(figures)),
        ("where its bar begins", _downbeat(figures)),
        ("in the asked key", _keys(figures)),
        ("separate notes", _notes(figures)),
    ]
    return "## In short\n\n" + table(("", "measured"), rows)


def _in_time(figures: Record) -> str:
    right, told = figures["rhythm"]["generated"]["all"], figures["tempo"]["ladder"]
    alone = told.get("words only")
    words = f"; by words alone {alone['hits']} of {alone['total']}" if alone else ""
    return f"{right['hits']} of {right['total']} loops that have a beat{words}"


def _downbeat(figures: Record) -> str:
    found, corpus = (figures["downbeat"][name]["at_start"] for name in ("generated", "corpus"))
    return (
        f"{found['hits']} of {found['total']} drum loops start on their downbeat, as it is heard; "
        f"of corpus clips {corpus['hits']} of {corpus['total']}"
    )


def _keys(figures: Record) -> str:
    """Kinds whose key the judge hears, and the others."""
    keys = figures["keys"]
    corpus, found = keys["corpus"]["by_kind"], keys["generated"]["by_kind"]
    cells = [
        f"{kind} {r['hits']} of {r['total']}"
        + ("" if corpus[kind]["share"] >= _GOOD_JUDGE else " (the judge itself is unsure there)")
        for kind, r in found.items()
    ]
    return ", ".join(cells) + ", within a fifth"


def _notes(figures: Record) -> str:
    sources = figures["notes"]["sources"]
    cells = []
    for kind, r in sources["generated"].items():
        mine, corpus = r["separate"], sources["corpus"][kind]["separate"]
        cells.append(f"{kind} {100 * mine['share']:.0f} % (corpus {100 * corpus['share']:.0f} %)")
    return ", ".join(cells)
