"""Several prompts: how much each of them counts in each frame."""

import numpy as np
import pytest

from osc_server.contract.errors import BadRequest
from osc_server.rendering.mixing import text_rows, weigh
from osc_server.rendering.plan import Decoding, MixedPrompt, Plan


def plan(*mix, prompt="", n_frames=4):
    return Plan(prompt, n_frames, 1, Decoding(), mix=mix)


def shares(*mix):
    return {text: row.tolist() for text, row in weigh(plan(*mix))}


def test_weights_are_scaled_to_one():
    found = shares(MixedPrompt("drums", 1.4), MixedPrompt("pad", 0.6))
    assert found == {"drums": pytest.approx([0.7] * 4), "pad": pytest.approx([0.3] * 4)}


def test_a_prompt_sounds_only_where_it_is_asked_for():
    found = shares(MixedPrompt("drums", 1, 0, 3), MixedPrompt("pad", 3, 2))
    assert found["drums"] == pytest.approx([1, 1, 0.25, 0])
    assert found["pad"] == pytest.approx([0, 0, 0.75, 1])


def test_frames_without_a_prompt_have_no_words():
    assert shares(MixedPrompt("drums", 1, 1, 2)) == {"drums": [0, 1, 0, 0], "": [1, 0, 1, 1]}


def test_a_plan_without_a_mix_has_one_row():
    assert [(text, row.tolist()) for text, row in weigh(plan(prompt="bass"))] == [
        ("bass", [1, 1, 1, 1])
    ]


def test_prompts_outside_of_the_clip_cost_nothing():
    assert list(shares(MixedPrompt("drums"), MixedPrompt("pad", 1, 4, 9))) == ["drums"]


def test_a_batch_has_the_rows_of_all_its_plans():
    rows = text_rows([plan(MixedPrompt("a"), MixedPrompt("b")), plan(prompt="c")])
    assert (rows.texts, rows.items) == (["a", "b", "c"], [0, 0, 1])
    assert np.allclose(rows.shares, [[0.5] * 4, [0.5] * 4, [1] * 4])


@pytest.mark.parametrize(
    "bad", [MixedPrompt("a", 0), MixedPrompt("a", -1), MixedPrompt("a", 1, 3, 2)]
)
def test_weights_that_are_not_positive_and_ends_before_begins_are_refused(bad):
    with pytest.raises(BadRequest, match="weight above 0"):
        shares(bad)
