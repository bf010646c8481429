import json
import re
from pathlib import Path

import pytest

from osc_server.training.evaluation.report import _met, write_report
from osc_server.training.evaluation.report_model import agrees
from osc_server.training.evaluation.report_summary import summary_section


@pytest.mark.parametrize(
    ("expected", "pair", "said"),
    [
        ("worse", (2.0, 0.5), "yes"),
        ("better", (-2.0, 0.5), "yes"),
        ("worse", (-2.0, 0.5), "**the opposite**"),
        ("better", (2.0, 0.5), "**the opposite**"),
        ("better", (0.4, 0.5), "not seen"),
        ("worse", (0.0, 0.0), "not seen"),
        ("", (9.0, 0.1), ""),
    ],
)
def test_a_difference_agrees_with_the_paper_only_where_its_interval_leaves_zero_out(
    expected, pair, said
):
    assert agrees(expected, pair) == said


@pytest.mark.parametrize(
    ("share", "low", "said"),
    [(0.95, 0.91, "yes"), (0.95, 0.8, "yes, not surely"), (0.8, 0.7, "**no**")],
)
def test_a_goal_is_surely_met_only_where_its_whole_interval_meets_it(share, low, said):
    goal = {"goal": 0.9, "met": share >= 0.9, "value": {"share": share, "interval": [low, 1.0]}}
    assert _met(goal) == said


def part(hits, total):
    return {"hits": hits, "total": total, "share": hits / total}


def test_the_summary_says_what_is_always_and_what_is_hardly_heard():
    families = {"bell": part(5, 5), "riser": part(1, 5), "pad": part(3, 5)}
    figures = {
        "families": {"generated": {"by_label": families}},
        "rhythm": {"generated": {"all": part(9, 10)}},
        "tempo": {"ladder": {"words only": part(1, 20)}},
        "downbeat": {"generated": {"at_start": part(2, 6)}, "corpus": {"at_start": part(6, 6)}},
        "keys": {
            "corpus": {"by_kind": {"bass": part(8, 10), "pad": part(10, 10)}},
            "generated": {"by_kind": {"bass": part(1, 3), "pad": part(3, 3)}},
        },
        "notes": {
            "sources": {
                "generated": {"bass": {"separate": part(1, 4)}},
                "corpus": {"bass": {"separate": part(3, 4)}},
            }
        },
    }
    text = summary_section(figures)
    assert "| heard as asked in all 5 loops | bell |" in text
    assert "| heard as asked in at most 2 of 5 | riser |" in text
    assert "9 of 10 loops that have a beat; by words alone 1 of 20" in text
    assert "bass 1 of 3 (the judge itself is unsure there), pad 3 of 3, within a fifth" in text
    assert "bass 25 % (corpus 75 %)" in text


def test_the_report_that_ships_says_what_its_figures_say():
    folder = Path(__file__).parents[4] / "docs" / "embedded-model"
    figures = json.loads((folder / "figures.json").read_text("utf-8"))
    written = (folder / "report.md").read_text("utf-8")
    pictures = re.findall(r"(?m)^!\[\w+\]\((\w+\.png)\)$", written)
    before, after = write_report(figures, pictures, []).split("## How it was measured")
    assert written.startswith(before + "## Listen\n")
    assert written.endswith("## How it was measured" + after)
    assert all((folder / name).exists() for name in re.findall(r"\]\(([^)]+)\)", written))
