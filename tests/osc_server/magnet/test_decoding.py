"""The decoder: lengths, given codes, the circle, guidance, seeds, and what can go wrong."""

from dataclasses import replace

import pytest
import torch

from osc_server.contract.errors import BadRequest, Cancelled, GenerationFailed
from osc_server.magnet.decoding import DecodeJob, Decoder, Listeners
from osc_server.magnet.guided import GuidedNetwork
from osc_server.magnet.protocols import TextStates
from osc_server.magnet.sampling import SeededDraws
from osc_server.magnet.transformer import MagnetTransformer
from osc_server.rendering.plan import Decoding
from tests.osc_server.magnet.models import TINY, TINY_DECODING, tiny_network

CPU = torch.device("cpu")
N_STEPS = sum(TINY_DECODING.steps)


def words(*lengths, seed=3):
    """Random states of texts with so many words each."""
    generator = torch.Generator().manual_seed(seed)
    longest = max(1, *lengths)
    states = torch.randn(len(lengths), longest, TINY.text_dim, generator=generator)
    mask = torch.arange(longest) < torch.tensor(lengths)[:, None]
    return TextStates(states, mask)


def make_job(n_frames, *, text=None, seeds=(1,), **options):
    shape = (len(seeds), TINY.n_codebooks, n_frames)
    job = DecodeJob(
        text=words(*[4] * len(seeds)) if text is None else text,
        beat=None,
        given=torch.zeros(shape, dtype=torch.long),
        keep=torch.zeros(shape, dtype=torch.bool),
        decoding=TINY_DECODING,
        draws=SeededDraws(seeds, CPU),
    )
    return replace(job, **options)


def ignore(done, n_steps):
    pass


def decode(job, on_step=ignore, network=None):
    return Decoder(network or tiny_network(), span=3).decode(job, on_step).codes


@pytest.mark.parametrize("span", ["nonoverlap", "stride1"])
@pytest.mark.parametrize("scoring", ["max", "prod"])
@pytest.mark.parametrize("n_frames", [1, 2, 3, 4, 5, 50, 100])
def test_every_length_is_filled_and_never_trimmed(n_frames, span, scoring):
    decoding = replace(TINY_DECODING, span=span, scoring=scoring)
    codes = decode(make_job(n_frames, decoding=decoding))
    assert codes.shape == (1, 4, n_frames)
    assert codes.min() >= 0
    assert codes.max() < TINY.codebook_size


@pytest.mark.parametrize("span", ["nonoverlap", "stride1"])
def test_given_codes_are_kept_wherever_they_lie(span):
    generator = torch.Generator().manual_seed(4)
    shape = (2, 4, 31)
    keep = torch.rand(shape, generator=generator) < 0.5
    given = torch.randint(TINY.codebook_size, shape, generator=generator)
    job = make_job(31, seeds=(1, 2), keep=keep, given=given)
    codes = decode(replace(job, decoding=replace(TINY_DECODING, span=span)))
    assert torch.equal(codes[keep], given[keep])
    assert codes.max() < TINY.codebook_size


def test_the_network_sees_given_codes():
    keep = torch.zeros(1, 4, 20, dtype=torch.bool)
    keep[..., :10] = True
    low, high = (
        decode(make_job(20, keep=keep, given=torch.full((1, 4, 20), code))) for code in (0, 7)
    )
    assert not torch.equal(low[..., 10:], high[..., 10:])


def test_a_codebook_given_whole_costs_no_step():
    keep = torch.zeros(1, 4, 20, dtype=torch.bool)
    keep[:, 0] = True
    seen = []
    decode(make_job(20, keep=keep), lambda done, n_steps: seen.append((done, n_steps)))
    n_steps = N_STEPS - TINY_DECODING.steps[0]
    assert seen == [(done, n_steps) for done in range(1, n_steps + 1)]


def test_all_given_comes_back_at_once():
    given = torch.randint(TINY.codebook_size, (1, 4, 9))
    job = make_job(9, keep=torch.ones(1, 4, 9, dtype=torch.bool), given=given)
    assert torch.equal(decode(job, on_step=pytest.fail), given)


@pytest.mark.parametrize("span", ["nonoverlap", "stride1"])
def test_an_item_is_the_same_alone_and_in_any_batch(span):
    decoding = replace(TINY_DECODING, span=span)
    text = words(2, 6, 0)
    keep = torch.zeros(3, 4, 40, dtype=torch.bool)
    keep[2, :, :17] = True  # a neighbour that needs fewer draws
    job = make_job(40, text=text, seeds=(11, 12, 13), keep=keep, decoding=decoding)
    together = decode(job)
    for i, seed in enumerate((11, 12, 13)):
        alone = make_job(
            40,
            text=TextStates(text.states[i : i + 1], text.mask[i : i + 1]),
            seeds=(seed,),
            keep=keep[i : i + 1],
            decoding=decoding,
        )
        assert torch.equal(decode(alone)[0], together[i])


def test_a_seed_gives_the_same_codes_again_and_another_seed_others():
    first, again, other = (decode(make_job(60, seeds=(seed,))) for seed in (5, 5, 6))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_guidance_goes_past_the_text_away_from_the_null_condition():
    network, text = tiny_network(), words(4)
    codes = torch.full((1, 4, 10), TINY.mask_token)
    frames = torch.arange(10)[None]

    def logits(states, guidance):
        return GuidedNetwork(network, states, None, 10, 0).logits(codes, 0, frames, guidance)

    told, null = logits(text, 1.0), logits(words(0), 1.0)
    torch.testing.assert_close(logits(text, 3.0), null + 3 * (told - null), atol=1e-5, rtol=0)


def test_no_null_rows_run_where_guidance_is_one_or_there_is_no_text(monkeypatch):
    network = tiny_network()
    rows = []
    hidden = network.hidden
    monkeypatch.setattr(
        network, "hidden", lambda x, *args: (rows.append(x.shape[0]), hidden(x, *args))[1]
    )
    decode(make_job(12), network=network)
    last_steps = [3, 5, 7, 9]  # guidance has come down to 1
    assert rows == [1 if i in last_steps else 2 for i in range(N_STEPS)]
    rows.clear()
    decode(make_job(12, text=words(0)), network=network)
    assert rows == [1] * N_STEPS


def test_codebooks_after_the_guided_ones_are_drawn_by_the_words_alone(monkeypatch):
    """They need no null rows, and are what guidance of 1 gives after the same codebooks."""
    network = tiny_network()
    rows = []
    hidden = network.hidden
    monkeypatch.setattr(
        network, "hidden", lambda x, *args: (rows.append(x.shape[0]), hidden(x, *args))[1]
    )
    decoding = replace(TINY_DECODING, guided_codebooks=2)
    partly = decode(make_job(12, decoding=decoding), network=network)
    assert rows == [2, 2, 2, 1, 2, 1, 1, 1, 1, 1]
    assert torch.equal(partly[:, :2], decode(make_job(12))[:, :2])
    keep = torch.zeros(1, 4, 12, dtype=torch.bool)
    keep[:, :2] = True
    plain = replace(TINY_DECODING, guidance_max=1.0, greedy=True)
    greedy = replace(plain, guidance_max=3.0, guided_codebooks=2)
    unguided, past_them = (
        decode(make_job(12, given=partly, keep=keep, decoding=one)) for one in (plain, greedy)
    )
    assert torch.equal(unguided, past_them)


@pytest.mark.parametrize("stage", [0, 1])
def test_on_a_circle_the_beginning_is_nowhere(monkeypatch, stage):
    """Turn a loop and its logits turn with it, once the absolute positions are taken away.

    With half a loop around it each frame is seen exactly twice in stage 0, wherever it lies.
    """
    zeros = lambda n_frames, dim, device: torch.zeros(1, n_frames, dim)  # noqa: E731
    monkeypatch.setattr("osc_server.magnet.transformer.sinusoidal_positions", zeros)
    n_frames, turn = 40, 13
    codes = torch.randint(TINY.codebook_size, (1, 4, n_frames))
    beat = torch.randn(1, n_frames, TINY.n_beat_features)
    frames = torch.arange(n_frames)[None]

    def logits(codes, beat, wrap_frames):
        guided = GuidedNetwork(tiny_network(), words(4), beat, n_frames, wrap_frames)
        return guided.logits(codes, stage, frames, 3.0)

    plain, turned = (
        logits(codes.roll(shift, -1), beat.roll(shift, 1), n_frames // 2) for shift in (0, turn)
    )
    torch.testing.assert_close(turned, plain.roll(turn, 1), atol=1e-4, rtol=0)
    if stage > 0:  # a band does not reach around a line; dense attention without positions does
        line, turned_line = (
            logits(codes.roll(shift, -1), beat.roll(shift, 1), 0) for shift in (0, turn)
        )
        assert (turned_line - line.roll(turn, 1)).abs().max() > 1e-2


@pytest.mark.parametrize("n_frames", [1, 7, 50])
def test_a_loop_shorter_than_its_wrap_is_laid_around_itself_more_than_once(n_frames):
    assert decode(make_job(n_frames, wrap_frames=25)).shape == (1, 4, n_frames)


def test_progress_counts_every_step():
    seen = []
    decode(make_job(12), lambda done, n_steps: seen.append((done, n_steps)))
    assert seen == [(done, N_STEPS) for done in range(1, N_STEPS + 1)]


def test_a_cancel_ends_the_job_at_its_step():
    seen = []

    def cancel(done, n_steps):
        seen.append(done)
        if done == 3:
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        decode(make_job(12), cancel)
    assert seen == [1, 2, 3]


class FlakyNetwork(MagnetTransformer):
    """Gives not-a-number for one item, in the calls of ``hidden`` that it is told."""

    n_hidden = 0
    bad_calls: tuple[int, ...] = ()
    bad_item = 0

    def hidden(self, x, stage, memory):
        out = super().hidden(x, stage, memory)
        if self.n_hidden in self.bad_calls:
            out[self.bad_item] = torch.nan
        self.n_hidden += 1
        return out


def flaky_network(bad_calls, bad_item=0):
    with torch.random.fork_rng():
        torch.manual_seed(1)
        network = FlakyNetwork(TINY).eval().requires_grad_(False)
    network.bad_calls, network.bad_item = bad_calls, bad_item
    return network


def test_not_a_number_that_stays_fails_the_job_after_one_more_try():
    network = tiny_network()
    network.linears[1].weight[3, 3] = torch.nan
    seen = []
    with pytest.raises(GenerationFailed, match="not-a-number twice"):
        decode(make_job(12), lambda done, n_steps: seen.append((done, n_steps)), network)
    assert seen == [(done, N_STEPS) for done in (1, 2, 3, 4, 5, 6, 6, 6)]


def test_not_a_number_that_passes_is_drawn_again_and_said():
    network = flaky_network(bad_calls=(5,))
    batch = Decoder(network, span=3).decode(make_job(12), ignore)
    assert batch.codes.max() < TINY.codebook_size
    assert batch.confidence.isfinite().all()
    assert batch.notes == ("Codebook 2 was drawn again with fresh draws: it held not-a-number.",)


def test_what_a_neighbour_draws_again_changes_no_other_item():
    network = flaky_network(bad_calls=(2,), bad_item=1)
    beside = Decoder(network, span=3).decode(make_job(30, seeds=(5, 6)), ignore)
    alone = decode(make_job(30, seeds=(5,)))
    assert len(beside.notes) == 1
    assert torch.equal(beside.codes[0], alone[0])


def test_an_overflow_of_half_precision_is_drawn_again_in_float32():
    network = tiny_network().half()
    network.linears[1].weight.mul_(1e5)  # its products do not fit into float16
    batch = Decoder(network, span=3).decode(make_job(30), ignore)
    assert batch.notes == ("Codebook 2 was drawn again in float32: it held not-a-number.",)
    assert batch.codes.max() < TINY.codebook_size


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_a_network_of_half_precision_decodes_as_on_a_gpu(dtype):
    beat = torch.randn(1, 20, TINY.n_beat_features)
    codes = decode(make_job(20, beat=beat, wrap_frames=5), network=tiny_network().to(dtype))
    assert codes.max() < TINY.codebook_size


@pytest.mark.parametrize("steps", [(), (4, 2, 2), (4, 2, 2, 0), (1, 1, 1, 1, 1)])
def test_steps_that_do_not_fit_the_codebooks_are_refused(steps):
    with pytest.raises(BadRequest, match="4 numbers"):
        decode(make_job(12, decoding=Decoding(steps=steps)))


def test_each_complete_codebook_is_told_with_its_final_codes():
    told = []
    jobs = [make_job(12, seeds=(1,)), make_job(12, seeds=(2, 3))]
    listeners = Listeners(ignore, on_stage=lambda n, codes: told.append((n, codes)))
    batches = Decoder(tiny_network(), span=3).decode_all(jobs, listeners)
    assert [n for n, _ in told] == [1, 2, 3, 4]
    for n, codes in told:
        for early, batch in zip(codes, batches, strict=True):
            assert torch.equal(early, batch.codes[:, :n])


def test_jobs_made_stage_by_stage_give_what_each_gives_alone():
    jobs = [make_job(12, seeds=(seed,)) for seed in (1, 2)]
    batches = Decoder(tiny_network(), span=3).decode_all(jobs, Listeners(ignore))
    for seed, batch in zip((1, 2), batches, strict=True):
        assert torch.equal(batch.codes, decode(make_job(12, seeds=(seed,))))


def test_the_first_step_draws_all_and_the_last_one_span():
    heard = []
    listeners = Listeners(ignore, on_draw=lambda *what: heard.append(what))
    Decoder(tiny_network(), span=3).decode_all([make_job(30)], listeners)
    assert [(stage, step) for stage, step, _ in heard[:5]] == [
        (0, 0),
        (0, 1),
        (0, 2),
        (0, 3),
        (1, 0),
    ]
    assert [int(drawn.sum()) for _, _, drawn in heard[:4]] == [30, 24, 15, 3]


def test_confidence_is_what_the_network_gave_the_code_when_it_was_drawn_last():
    decoding = replace(TINY_DECODING, steps=(1, 1, 1, 1), guidance_max=1.0, greedy=True)
    network, job = tiny_network(), make_job(20, decoding=decoding)
    batch = Decoder(network, span=3).decode(job, ignore)
    masked = torch.full((1, 4, 20), TINY.mask_token)
    logits = network(masked, 0, job.text.states, job.text.mask)
    sure = (logits / 0.01).softmax(dim=-1).amax(dim=-1)
    torch.testing.assert_close(batch.confidence[:, 0], sure, atol=1e-4, rtol=0)


class Clock:
    """A deadline, and steps that take so long."""

    def __init__(self, seconds, step_seconds):
        self.left = seconds
        self.step_seconds = step_seconds
        self.told = []

    def on_step(self, done, n_steps):
        self.told.append((done, n_steps))

    def listeners(self, network):
        hidden = network.hidden

        def slow(*args):
            self.left -= self.step_seconds
            return hidden(*args)

        network.hidden = slow
        return Listeners(self.on_step, seconds_left=lambda: self.left)


LONG = replace(TINY_DECODING, steps=(20, 10, 10, 10))


@pytest.mark.parametrize("seconds", [4.0, 2.0, 1.0, 0.0])
@pytest.mark.parametrize("span", ["nonoverlap", "stride1"])
def test_a_deadline_leaves_steps_out_but_no_code(seconds, span):
    network = tiny_network()
    clock = Clock(seconds, 0.1)
    job = make_job(30, decoding=replace(LONG, span=span), wrap_frames=5)
    (batch,) = Decoder(network, span=3).decode_all([job], clock.listeners(network))
    assert batch.codes.max() < TINY.codebook_size
    assert clock.left >= (0 if seconds else -0.5)
    assert len(clock.told) < 50
    assert clock.told[-1] == (len(clock.told), len(clock.told))
    assert f"{50 - len(clock.told)} of 50 steps were left out" in batch.notes[0]


def test_a_deadline_far_away_changes_nothing():
    network = tiny_network()
    job = make_job(30, decoding=LONG)
    (batch,) = Decoder(network, span=3).decode_all([job], Clock(1e3, 0.1).listeners(network))
    assert torch.equal(batch.codes, decode(make_job(30, decoding=LONG)))
    assert batch.notes == ()


class Rescoring:
    """Finds likely what it is told."""

    def __init__(self, likely):
        self.likely = likely
        self.asked = []

    def probabilities(self, codes, stage):
        self.asked.append((stage, codes.clone()))
        return self.likely.clone()


def last_drawn(weight, likely):
    """Frames of codebook 1 that the last step drew, and what the rescorer was asked."""
    rescorer, heard = Rescoring(likely), []
    listeners = Listeners(ignore, on_draw=lambda *what: heard.append(what))
    job = make_job(30, rescorer=rescorer, rescoring=weight)
    Decoder(tiny_network(), span=3).decode_all([job], listeners)
    drawn = [frames for stage, _, frames in heard if stage == 0][-1]
    return drawn[0].nonzero()[:, 0].tolist(), rescorer.asked


def test_rescoring_ranks_the_spans_by_the_other_model():
    likely = torch.ones(1, 30)
    likely[:, 12:15] = 0
    frames, asked = last_drawn(1.0, likely)
    assert frames == [12, 13, 14]
    assert [stage for stage, _ in asked] == [0, 0, 0, 1, 2, 3]  # where there is a next step
    for stage, codes in asked:
        assert codes[:, : stage + 1].max() < TINY.codebook_size
        assert (codes[:, stage + 1 :] == TINY.mask_token).all()


def test_rescoring_of_weight_nothing_asks_nobody():
    frames, asked = last_drawn(0.0, torch.zeros(1, 30))
    assert asked == []
    assert len(frames) == 3


def test_rescoring_mixes_both_opinions():
    # Equal to the other model everywhere: the network's own ranking remains.
    assert last_drawn(0.5, torch.full((1, 30), 0.3))[0] == last_drawn(0.0, torch.zeros(1, 30))[0]


def test_a_companion_that_breaks_does_not_break_the_clip():
    frames, _ = last_drawn(0.5, torch.full((1, 30), torch.nan))
    assert len(frames) == 3
