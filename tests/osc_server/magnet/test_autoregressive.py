"""The companion that shares the network's weights: written step by step, judged in one pass."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from osc_server.contract.errors import Cancelled, GenerationFailed
from osc_server.magnet.autoregressive import KeyValueCache, Passage, Sampling, write
from osc_server.magnet.companions import AutoregressiveCompanion, SharedNetwork
from osc_server.magnet.conditioning import HashedTextConditioner
from osc_server.magnet.delay_pattern import delayed_inputs, undelayed
from osc_server.magnet.engine import load_engine
from osc_server.magnet.sampling import SeededDraws
from osc_server.magnet.state_files import NETWORK_FILE
from osc_server.magnet.transformer import MagnetTransformer
from osc_server.rendering.plan import BeatGrid, Decoding, MixedPrompt, Plan
from tests.osc_server.magnet.models import TINY, TINY_DECODING, tiny_network, write_tiny_model

CPU = torch.device("cpu")
N_FRAMES = 12
GRID = BeatGrid(beats_per_frame=0.04, cycle_bars=2)
PLAN = Plan("a warm bass", n_frames=20, seed=3, decoding=Decoding(), beat_grid=GRID)
EXACT = {"atol": 1e-5, "rtol": 0}


def quiet(done: int, n_steps: int) -> None:
    return None


@pytest.fixture(scope="module")
def network() -> MagnetTransformer:
    network = tiny_network()
    for head in network.linears:
        head.weight.mul_(4)  # so that what is drawn depends on what was read
    return network


@pytest.fixture(scope="module")
def shared(network: MagnetTransformer) -> SharedNetwork:
    with torch.random.fork_rng():
        torch.manual_seed(5)
        conditioner = HashedTextConditioner(dim=TINY.text_dim, n_buckets=64).eval()
    return SharedNetwork(network, conditioner.requires_grad_(False), 50, CPU)


def companion(shared: SharedNetwork, **options: float) -> AutoregressiveCompanion:
    return AutoregressiveCompanion("shared", shared, Sampling(**options))  # type: ignore[arg-type]


def hint(shared: SharedNetwork, plan: Plan, n_frames: int = N_FRAMES, **options: float) -> Tensor:
    return torch.from_numpy(companion(shared, **options).hint(plan, n_frames, quiet))


class RereadingReader:
    """Keeps nothing: reads all from the beginning at each step."""

    def __init__(self, shared: SharedNetwork, texts: Sequence[str], n_steps: int) -> None:
        self._begin = lambda: shared.begin(texts, True, GRID, (0, n_steps))
        self.mask_token = TINY.mask_token
        self._inputs = torch.zeros(TINY.n_codebooks, 0, dtype=torch.long)
        self.head = self._begin().head

    def read(self, inputs: Tensor) -> Tensor:
        self._inputs = torch.cat([self._inputs, inputs], dim=1)
        return self._begin().read(self._inputs)[:, -inputs.shape[1] :]


def passage(n_given: int = 0) -> Passage:
    keep = torch.zeros(TINY.n_codebooks, N_FRAMES, dtype=torch.bool)
    keep[:, :n_given] = True
    given = torch.arange(keep.numel()).view(keep.shape) % TINY.codebook_size
    return Passage(given, keep, torch.tensor([[3.0], [-2.0]]).expand(2, N_FRAMES))


@pytest.mark.parametrize("n_given", [0, 1, 5, 11])
def test_what_is_kept_of_earlier_steps_changes_nothing(shared: SharedNetwork, n_given: int) -> None:
    n_steps = N_FRAMES + TINY.n_codebooks - 1
    kept = shared.begin(["bass"], True, GRID, (0, n_steps))
    reread = RereadingReader(shared, ["bass"], n_steps)
    codes = [
        write(reader, passage(n_given), Sampling(top_k=8), SeededDraws([1], CPU), quiet)
        for reader in (kept, reread)
    ]
    assert torch.equal(*codes)


def test_reading_step_by_step_gives_what_reading_at_once_gives(shared: SharedNetwork) -> None:
    inputs = torch.randint(0, TINY.codebook_size, (TINY.n_codebooks, 9))
    at_once = shared.begin(["bass"], True, GRID, (0, 9)).read(inputs)
    reader = shared.begin(["bass"], True, GRID, (0, 9))
    parts = [reader.read(part) for part in inputs.split([4, 3, 1, 1], dim=1)]
    torch.testing.assert_close(torch.cat(parts, dim=1), at_once, **EXACT)


def test_the_reader_is_the_network_that_is_trained(
    shared: SharedNetwork, network: MagnetTransformer
) -> None:
    codes = torch.randint(0, TINY.codebook_size, (1, TINY.n_codebooks, 9))
    inputs = delayed_inputs(codes, TINY.mask_token).inputs
    nothing = torch.zeros(1, 0, TINY.text_dim)
    wanted = network.causal_logits(inputs, nothing, torch.zeros(1, 0, dtype=torch.bool))
    reader = shared.begin([""], False, None, (0, inputs.shape[-1]))
    hidden = reader.read(inputs[0])
    for k in range(TINY.n_codebooks):
        torch.testing.assert_close(reader.head(hidden, k), wanted[:, k], **EXACT)


def test_judging_at_once_gives_the_probabilities_of_writing_step_by_step(
    shared: SharedNetwork, network: MagnetTransformer
) -> None:
    plan = dataclasses.replace(PLAN, n_frames=N_FRAMES, prompt="")
    codes = torch.from_numpy(companion(shared).hint(plan, N_FRAMES, quiet))[None]
    reader = shared.begin([""], False, GRID, (0, N_FRAMES + 3))
    inputs = delayed_inputs(codes, TINY.mask_token).inputs[0]
    steps = torch.cat([reader.read(inputs[:, s : s + 1]) for s in range(inputs.shape[1])], dim=1)
    logits = torch.stack([reader.head(steps, k) for k in range(TINY.n_codebooks)], dim=1)
    likely = undelayed(logits, N_FRAMES).softmax(dim=-1).gather(-1, codes[..., None])[..., 0]
    last = TINY.n_codebooks - 1  # at the last stage all codebooks are read
    judged = companion(shared).rescorer([plan]).probabilities(codes, last)
    torch.testing.assert_close(judged, likely[:, last], **EXACT)


def test_judging_reads_no_codebook_after_its_own(shared: SharedNetwork) -> None:
    rescorer = companion(shared).rescorer([PLAN])
    codes = torch.randint(0, TINY.codebook_size, (1, TINY.n_codebooks, PLAN.n_frames))
    other = codes.clone()
    other[:, 2:] = TINY.mask_token
    judged = [rescorer.probabilities(x, 1) for x in (codes, other)]
    assert torch.equal(*judged)
    assert not torch.equal(judged[0], rescorer.probabilities(codes, 2))


def test_a_circle_is_judged_from_its_own_tail(shared: SharedNetwork) -> None:
    closed = dataclasses.replace(PLAN, wrap_frames=8)
    codes = torch.randint(0, TINY.codebook_size, (1, TINY.n_codebooks, PLAN.n_frames))
    other = codes.clone()
    other[..., -1] = (codes[..., -1] + 1) % TINY.codebook_size
    for plan, is_told in ((PLAN, False), (closed, True)):
        rescorer = companion(shared).rescorer([plan])
        first = [rescorer.probabilities(x, 0)[0, 0] for x in (codes, other)]
        assert bool(first[0] != first[1]) is is_told


def test_what_is_judged_does_not_depend_on_the_neighbours(shared: SharedNetwork) -> None:
    plans = [
        PLAN,
        dataclasses.replace(PLAN, prompt="a much longer wording of drums", beat_grid=None),
    ]
    codes = torch.randint(0, TINY.codebook_size, (2, TINY.n_codebooks, PLAN.n_frames))
    together = companion(shared).rescorer(plans).probabilities(codes, 2)
    alone = companion(shared).rescorer(plans[1:]).probabilities(codes[1:], 2)
    assert torch.equal(together[1:], alone)


def test_probabilities_lie_between_0_and_1_and_sum_to_1(shared: SharedNetwork) -> None:
    rescorer = companion(shared).rescorer([PLAN])
    codes = torch.randint(0, TINY.codebook_size, (1, TINY.n_codebooks, PLAN.n_frames))
    total = torch.zeros(PLAN.n_frames)
    for code in range(TINY.codebook_size):
        codes[:, 0, -1] = code
        judged = rescorer.probabilities(codes, 0)[0]
        total[-1] += judged[-1]
    assert total[-1].item() == pytest.approx(1, abs=1e-5)


def test_a_hint_is_the_same_for_the_same_seed_and_another_for_another(
    shared: SharedNetwork,
) -> None:
    first, again = hint(shared, PLAN), hint(shared, PLAN)
    other = hint(shared, dataclasses.replace(PLAN, seed=4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.shape == (TINY.n_codebooks, N_FRAMES)
    assert 0 <= first.min() <= first.max() < TINY.codebook_size


def test_a_shorter_hint_is_the_beginning_of_a_longer_one(shared: SharedNetwork) -> None:
    assert torch.equal(hint(shared, PLAN, 1)[0], hint(shared, PLAN, 9)[0, :1])


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "hard drums"},
        {"beat_grid": BeatGrid(beats_per_frame=0.05)},
        {"beat_grid": None},
        {"negative": "drums"},
        {"mix": (MixedPrompt("a warm bass", 0.3), MixedPrompt("strings", 0.7))},
    ],
)
def test_a_hint_listens_to(shared: SharedNetwork, change: dict[str, object]) -> None:
    changed = dataclasses.replace(PLAN, **change)  # type: ignore[arg-type]
    assert not torch.equal(hint(shared, changed, 20), hint(shared, PLAN, 20))


def test_one_prompt_of_weight_any_is_that_prompt(shared: SharedNetwork) -> None:
    mixed = dataclasses.replace(PLAN, prompt="", mix=(MixedPrompt(PLAN.prompt, 0.4),))
    assert torch.equal(hint(shared, mixed), hint(shared, PLAN))


def test_a_prompt_is_mixed_in_where_it_sounds(shared: SharedNetwork) -> None:
    parts = (MixedPrompt(PLAN.prompt, end_frame=6), MixedPrompt("strings", first_frame=6))
    mixed = dataclasses.replace(PLAN, mix=parts)
    codes, plain = hint(shared, mixed, 20), hint(shared, PLAN, 20)
    assert torch.equal(codes[:, :6], plain[:, :6])
    assert not torch.equal(codes[:, 6:], plain[:, 6:])


def test_guidance_1_needs_no_row_without_words(
    shared: SharedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = []
    begin = shared.begin

    def counted(texts: Sequence[str], has_null: bool, *rest: object) -> object:
        rows.append(len(texts) + has_null)
        return begin(texts, has_null, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(shared, "begin", counted)
    hint(shared, PLAN, guidance=1.0)
    hint(shared, dataclasses.replace(PLAN, prompt=""))
    hint(shared, PLAN)
    assert rows == [1, 1, 2]


def test_given_codes_are_kept_wherever_they_lie(shared: SharedNetwork) -> None:
    keep = np.zeros((TINY.n_codebooks, PLAN.n_frames), dtype=np.bool_)
    keep[:, :4] = True
    keep[0, 9] = True
    codes = np.full(keep.shape, 7)
    given = dataclasses.replace(PLAN, keep_codes=codes, keep_mask=keep)
    written = hint(shared, given).numpy()
    assert (written[keep[:, :N_FRAMES]] == 7).all()
    assert len(np.unique(written[:, 4:9])) > 1
    assert (hint(shared, given, 4) == 7).all()


def test_greedy_writing_does_not_depend_on_the_seed(shared: SharedNetwork) -> None:
    greedy = dataclasses.replace(PLAN, decoding=Decoding(greedy=True))
    assert torch.equal(hint(shared, greedy), hint(shared, dataclasses.replace(greedy, seed=9)))


def test_each_step_is_told_and_can_end_the_writing(shared: SharedNetwork) -> None:
    heard = []

    def stop_at_3(done: int, n_steps: int) -> None:
        heard.append((done, n_steps))
        if done == 3:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        companion(shared).hint(PLAN, N_FRAMES, stop_at_3)
    n_steps = N_FRAMES + TINY.n_codebooks - 1
    assert heard == [(1, n_steps), (2, n_steps), (3, n_steps)]


def test_not_a_number_is_refused() -> None:
    network = tiny_network()
    network.out_norm.weight.fill_(torch.nan)
    conditioner = HashedTextConditioner(dim=TINY.text_dim, n_buckets=64).eval()
    broken = SharedNetwork(network, conditioner, 50, CPU)
    with pytest.raises(GenerationFailed, match="not-a-number"):
        hint(broken, PLAN)


def test_the_cache_gives_all_that_was_put_in() -> None:
    cache = KeyValueCache(n_layers=2, n_steps=5)
    keys, values = torch.randn(2, 1, 5, 3, 4)
    for part in ([0, 1, 2], [3], [4]):
        for layer in range(2):
            found = cache.extend(layer, keys[:, part], values[:, part])
    assert torch.equal(torch.stack(found), torch.stack([keys, values]))


def test_an_engine_whose_checkpoint_says_so_hints_and_rescores(tmp_path: Path) -> None:
    folder = write_tiny_model(tmp_path / "both-modes")
    content = torch.load(folder / NETWORK_FILE, weights_only=True)
    torch.save(
        content | {"xp.cfg": content["xp.cfg"] + "companion: shared\n"}, folder / NETWORK_FILE
    )
    engine = load_engine(str(folder), models_folder=tmp_path, device="cpu")
    assert engine.info.companion == "shared"
    plan = dataclasses.replace(PLAN, decoding=TINY_DECODING)
    assert engine.hint(plan, N_FRAMES, quiet).shape == (TINY.n_codebooks, N_FRAMES)
    made = [
        engine.generate([dataclasses.replace(plan, rescoring=weight)], quiet)[0].codes
        for weight in (0.0, 1.0)
    ]
    assert not np.array_equal(*made)


def test_a_small_network_writes_on_one_thread_and_leaves_the_number_as_it_was(
    shared: SharedNetwork,
) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    during: list[int] = []
    try:
        companion(shared).hint(
            PLAN, 3, lambda done, n_steps: during.append(torch.get_num_threads())
        )
        after = torch.get_num_threads()
    finally:
        torch.set_num_threads(before)
    assert (set(during), after) == ({1}, 2)
