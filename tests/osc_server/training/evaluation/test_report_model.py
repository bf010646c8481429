import pytest

from osc_server.training.evaluation.report_model import agrees


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
