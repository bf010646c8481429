"""Which spans are masked again, by constructed scores; and the schedule that says how many."""

import pytest
import torch

from osc_server.magnet.masks import (
    DECIDED,
    masked_frames,
    weakest_overlapping_spans,
    weakest_spans,
)
from osc_server.magnet.schedule import MIN_TEMPERATURE, respaced, stage_steps
from osc_server.magnet.spans import NonoverlapSpans, OverlappingSpans
from osc_server.rendering.plan import Decoding

CPU = torch.device("cpu")


def all_unknown(n_frames):
    return torch.ones(1, n_frames, dtype=torch.bool)


def bits(mask):
    return "".join("x" if frame else "." for frame in mask.tolist())


def test_the_weakest_spans_are_those_of_highest_score_in_each_row():
    scores = torch.tensor([[0.1, 0.9, 0.5], [0.3, 0.2, DECIDED]])
    assert weakest_spans(scores, torch.tensor([2, 1])).tolist() == [
        [False, True, True],
        [True, False, False],
    ]


def test_the_last_span_is_shorter_where_spans_do_not_fill_the_length():
    spans = NonoverlapSpans(all_unknown(8), 3, "max", CPU)
    assert spans.n_unknown == [3]
    scores = torch.tensor([[0.0, 0.0, 1.0]])
    assert bits(spans.choose(scores, torch.tensor([1]))[0]) == "......xx"


def test_a_span_given_in_part_is_drawn_whole_and_one_given_in_full_does_not_count():
    unknown = torch.tensor([[False, False, False, False, True, True, True, True, True]])
    spans = NonoverlapSpans(unknown, 3, "max", CPU)
    assert spans.n_unknown == [2]
    assert bits(spans.choose(torch.tensor([[DECIDED, 0.0, 0.0]]), torch.tensor([2]))[0]) == (
        "...xxxxxx"
    )
    assert bits(spans.at_first[0]) == "...xxxxxx"


def test_max_scores_a_span_by_its_surest_frame():
    confidence = torch.tensor([[0.1, 0.7, 0.2, 0.5, 0.5, 0.4]])
    scores = NonoverlapSpans(all_unknown(6), 3, "max", CPU).score(confidence, all_unknown(6))
    assert scores.tolist() == [pytest.approx([0.3, 0.5])]


def test_single_frames_are_scored_by_their_logs_which_tell_small_ones_apart():
    confidence = torch.tensor([[1e-9, 1e-10]])
    scores = NonoverlapSpans(all_unknown(2), 1, "max", CPU).score(confidence, all_unknown(2))
    assert scores[0, 1] > scores[0, 0]


def test_prod_scores_a_short_span_as_if_it_were_full():
    confidence = torch.full((1, 5), 0.5)
    scores = NonoverlapSpans(all_unknown(5), 3, "prod", CPU).score(confidence, all_unknown(5))
    assert scores[0, 0] == pytest.approx(scores[0, 1])


def test_frames_not_drawn_do_not_lend_their_confidence():
    confidence = torch.tensor([[1.0, 0.2, 0.3]])
    mask = torch.tensor([[False, True, True]])
    scores = NonoverlapSpans(all_unknown(3), 3, "max", CPU).score(confidence, mask)
    assert scores.item() == pytest.approx(0.7)


@pytest.mark.parametrize("n_masked", [1, 3, 4, 7, 20, 41])
def test_overlapping_spans_cover_about_as_many_frames_as_asked_in_whole_spans(n_masked):
    scores = torch.rand(3, 50, generator=torch.Generator().manual_seed(n_masked))
    mask = weakest_overlapping_spans(scores, torch.tensor([n_masked] * 3), 3)
    wanted = max(n_masked, 3)
    assert ((mask.sum(dim=1) - wanted).abs() <= 3).all()
    for row in mask:
        assert all(len(run) >= 3 for run in bits(row).split(".") if run)


def test_overlapping_spans_take_the_weakest_run():
    scores = torch.full((1, 12), 0.1)
    scores[0, 4:7] = 2.0
    assert bits(weakest_overlapping_spans(scores, torch.tensor([3]), 3)[0]) == "....xxx....."


def test_overlapping_spans_fit_a_sequence_shorter_than_a_span():
    spans = OverlappingSpans(all_unknown(2), 3, CPU)
    assert bits(spans.choose(torch.zeros(1, 2), torch.tensor([1]))[0]) == "xx"


def test_masked_frames_are_listed_first_and_no_frame_twice():
    mask = torch.tensor([[False, True, False, True], [True, False, False, False]])
    frames, is_masked = masked_frames(mask, 2)
    assert frames[0].tolist() == [1, 3]
    assert is_masked.tolist() == [[True, True], [True, False]]
    assert len(set(frames[1].tolist())) == 2


def test_the_masked_share_falls_as_a_cosine_to_one_span():
    counts = [step.n_masked(100) for step in stage_steps(Decoding(), 5)]
    assert counts == [100, 92, 70, 38, 1]


def test_nothing_unknown_masks_nothing():
    assert [step.n_masked(0) for step in stage_steps(Decoding(), 3)] == [0, 0, 0]


def test_guidance_is_annealed_and_ends_exactly_at_its_minimum():
    steps = stage_steps(Decoding(guidance_max=10.0, guidance_min=1.0), 10)
    assert steps[0].guidance == 10.0
    assert steps[-1].guidance == 1.0
    assert [step.guidance for step in steps] == sorted((s.guidance for s in steps), reverse=True)


def test_temperature_falls_in_a_line_but_not_to_zero():
    temperatures = [step.temperature for step in stage_steps(Decoding(temperature=3.0), 3)]
    assert temperatures == pytest.approx([2.0, 1.0, MIN_TEMPERATURE])


def test_temperature_stays_where_annealing_is_off():
    decoding = Decoding(temperature=2.0, anneal_temperature=False)
    assert [step.temperature for step in stage_steps(decoding, 3)] == [2.0, 2.0, 2.0]


@pytest.mark.parametrize("anneal", [True, False])
@pytest.mark.parametrize("n_made", [1, 4, 9])
def test_a_stage_respaced_to_the_steps_it_had_is_what_was_planned(n_made, anneal):
    decoding = Decoding(anneal_temperature=anneal)
    steps = stage_steps(decoding, 10)
    again = respaced(decoding, 10, steps[n_made - 1], 10 - n_made)
    for found, planned in zip(again, steps[n_made:], strict=True):
        for name in ("masked_fraction", "guidance", "temperature", "time"):
            assert getattr(found, name) == pytest.approx(getattr(planned, name), abs=1e-6)


def test_a_stage_respaced_to_fewer_steps_still_ends_at_one_span_cold_and_unguided():
    decoding = Decoding(guidance_max=10.0, guidance_min=1.0)
    (last,) = respaced(decoding, 10, stage_steps(decoding, 10)[2], 1)
    assert last.n_masked(100) == 1
    assert last.temperature == MIN_TEMPERATURE
    assert last.guidance == pytest.approx(1.0)
