"""We decode what audiocraft decodes, code for code, in every way and place that it supports.

Where we differ on purpose is in docs/reference.md, and tested here too.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
from pathlib import Path

import numpy as np
import pytest
import torch

from osc_server.contract.errors import BadRequest
from osc_server.magnet.precision import hasten
from osc_server.magnet.transformer import MagnetTransformer
from tests.osc_server.magnet.conftest import GOLDEN_FOLDER, Golden
from tests.osc_server.magnet.reference.audiocraft_source import needs_audiocraft
from tests.osc_server.magnet.reference.cases import SMALL, WAYS, Case, make_cases, random_case
from tests.osc_server.magnet.reference.checkpoints import Sizes, build_network, make_content
from tests.osc_server.magnet.reference.run_reference import load_reference, run_ours, run_reference

STORED = np.load(GOLDEN_FOLDER / "cases.npz")
CASES = {
    name: dataclasses.replace(case, seed=int(STORED[f"{name}/seed"]))
    for name, case in make_cases().items()
}


@functools.cache
def network_of(sizes: Sizes) -> MagnetTransformer:
    return build_network(make_content(sizes))


@functools.cache
def hastened(sizes: Sizes) -> MagnetTransformer:
    """As the engine runs it in float32 on CPU."""
    network = copy.deepcopy(network_of(sizes))
    hasten(network, "float32", torch.device("cpu"))
    return network


def wanted_codes(name: str) -> torch.Tensor:
    return torch.from_numpy(STORED[f"{name}/codes"].astype(np.int64))


def assert_same(codes: torch.Tensor, wanted: torch.Tensor) -> None:
    n_differ = int((codes != wanted).sum())
    assert n_differ == 0, f"{n_differ} of {wanted.numel()} codes differ"


@pytest.mark.parametrize("name", CASES)
def test_codes_are_those_of_the_reference(golden: Golden, name: str) -> None:
    case, wanted = CASES[name], wanted_codes(name)
    ours = run_ours(case, network_of(case.sizes), golden.model.conditioner, wanted.shape[-1])
    assert_same(ours, wanted)


@pytest.mark.parametrize("name", CASES)
def test_what_makes_the_network_faster_changes_none_of_them(golden: Golden, name: str) -> None:
    case, wanted = CASES[name], wanted_codes(name)
    network = hastened(case.sizes)
    assert_same(run_ours(case, network, golden.model.conditioner, wanted.shape[-1]), wanted)


@needs_audiocraft
@pytest.mark.parametrize("seed", range(20))
def test_codes_are_those_of_audiocraft_on_cases_never_seen(
    golden: Golden, tmp_path: Path, seed: int
) -> None:
    case = random_case(seed)
    wanted = run_reference(case, load_reference(case, tmp_path))
    ours = run_ours(case, network_of(case.sizes), golden.model.conditioner, wanted.shape[-1])
    assert_same(ours, wanted)


def test_no_frame_is_trimmed_where_spans_do_not_fill_the_length(golden: Golden) -> None:
    case = Case(SMALL, WAYS["top-p"], n_frames=61)
    trimmed = wanted_codes("odd-61/trimmed")
    codes = run_ours(case, network_of(SMALL), golden.model.conditioner, case.n_frames)
    assert (trimmed.shape[-1], codes.shape[-1]) == (60, 61)
    assert codes.max() < SMALL.card


def test_the_last_frame_alone_can_be_generated(golden: Golden) -> None:
    case = Case(SMALL, WAYS["top-p"], n_frames=61, n_given=60)
    codes = run_ours(case, network_of(SMALL), golden.model.conditioner, case.n_frames)
    assert codes.max() < SMALL.card


def test_padding_of_a_shorter_text_is_not_attended_to(golden: Golden) -> None:
    network = network_of(SMALL)
    conditioner = golden.model.conditioner
    codes = torch.zeros(2, 4, 12, dtype=torch.long)
    both = conditioner(["pad", "a much longer description of a very slow warm pad"])
    alone = conditioner(["pad"])
    together = network(codes, 0, both.states, both.mask)[:1]
    apart = network(codes[:1], 0, alone.states, alone.mask)
    torch.testing.assert_close(together, apart, atol=1e-5, rtol=0)


def test_text_of_blanks_is_no_text(golden: Golden) -> None:
    assert not golden.model.conditioner(["  "]).mask.any()


def test_a_codebook_without_steps_is_refused_rather_than_left_masked(golden: Golden) -> None:
    case = Case(SMALL, dataclasses.replace(WAYS["top-p"], steps=(4, 4)))
    with pytest.raises(BadRequest, match="one for each codebook"):
        run_ours(case, network_of(SMALL), golden.model.conditioner, case.n_frames)
