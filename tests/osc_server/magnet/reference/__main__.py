"""Make the golden cases again.

A case is stored with the first seed whose codes survive rounding: other processors add numbers in
another order, and at a low temperature a last bit can change the rank of a span.
"""

from __future__ import annotations

import dataclasses
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from osc_server.magnet.conditioning import T5Conditioner
from osc_server.magnet.transformer import MagnetTransformer
from tests.osc_server.magnet.conftest import GOLDEN_FOLDER
from tests.osc_server.magnet.reference.audiocraft_source import SOURCE_VARIABLE, find_audiocraft
from tests.osc_server.magnet.reference.cases import Case, make_cases
from tests.osc_server.magnet.reference.checkpoints import build_network, make_content
from tests.osc_server.magnet.reference.run_reference import load_reference, run_ours, run_reference

ROUNDING = 2e-6  # relative, of logits; ten times what was seen
N_TRIALS = 6
MOST_SEEDS = 100


class _Rounded(nn.Module):
    """A head whose logits are a little off."""

    def __init__(self, head: nn.Module) -> None:
        super().__init__()
        self.head = head
        self.generator = torch.Generator().manual_seed(0)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(x)
        noise = torch.randn(logits.shape, generator=self.generator)
        return logits + ROUNDING * logits.abs().amax() * noise


def survives_rounding(case: Case, wanted: Tensor, conditioner: T5Conditioner) -> bool:
    """Whether codes stay the same where logits are a little off."""
    network: MagnetTransformer = build_network(make_content(case.sizes))
    for i, head in enumerate(network.linears):
        network.linears[i] = _Rounded(head)
    trials = (run_ours(case, network, conditioner, wanted.shape[-1]) for _ in range(N_TRIALS))
    return all(torch.equal(codes, wanted) for codes in trials)


def main() -> None:
    if not find_audiocraft():
        sys.exit(f"install audiocraft, or set {SOURCE_VARIABLE} to a checkout of its source")
    conditioner = T5Conditioner.load("t5-tiny-rig", GOLDEN_FOLDER, torch.device("cpu"))
    stored = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, case in make_cases().items():
            model = load_reference(case, Path(folder))
            for seed in range(MOST_SEEDS):
                tried = dataclasses.replace(case, seed=seed)
                codes = run_reference(tried, model)
                if survives_rounding(tried, codes, conditioner):
                    break
            else:
                sys.exit(f"no seed of {name} survives rounding")
            stored[f"{name}/codes"] = codes.numpy().astype(np.uint16)
            stored[f"{name}/seed"] = np.array(seed)
            sys.stderr.write(f"{name}: seed {seed}\n")
    np.savez_compressed(GOLDEN_FOLDER / "cases.npz", **stored)


if __name__ == "__main__":
    main()
