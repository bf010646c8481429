"""How long the network takes to decode one loop on CPU, at the size of the embedded model.

Weights are random: speed does not depend on them. Run it alone on the machine:

    python benchmarks/decode_speed.py [--frames 400] [--wrap 25] [--layers 8] [--heads 4] [--busy]

``--busy`` runs a busy process beside it, as a DAW may be. There, two threads must not wait for each
other by spinning: with OMP_WAIT_POLICY unset, ten steps took 22 s on two cores instead of 1.6 s.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from itertools import pairwise

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # is read when torch is loaded

import torch

from osc_server.magnet.decoding import DecodeJob, Decoder
from osc_server.magnet.packed import can_pack, has_fast_bfloat16, pack
from osc_server.magnet.protocols import TextStates
from osc_server.magnet.sampling import SeededDraws
from osc_server.magnet.spec import NetworkSpec
from osc_server.magnet.transformer import MagnetTransformer
from osc_server.rendering.plan import Decoding

STEPS = ((20, 10, 10, 10), (16, 5, 5, 5))
N_WORDS = 8


def main() -> None:
    """Measure each precision, number of threads and number of steps; print one line each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=400, help="frames of the loop")
    parser.add_argument("--wrap", type=int, default=25, help="frames of circular context a side")
    parser.add_argument("--dim", type=int, default=256)
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=3, help="each step's best counts")
    parser.add_argument("--busy", action="store_true", help="beside a busy process")
    options = parser.parse_args()
    with _busy_process() if options.busy else nullcontext():
        _measure(options)


def _measure(options: argparse.Namespace) -> None:
    spec = NetworkSpec(
        dim=options.dim,
        n_heads=options.heads,
        n_layers=options.layers,
        codebook_size=1024,
        text_dim=128,
    )
    print(f"{options.frames} frames = {options.frames / 50:g} s of audio, {spec}")
    for precision in ("torch float32", "float32", "bfloat16"):
        if precision != "torch float32" and not can_pack():
            print(f"{precision}: this build of PyTorch cannot pack weights")
            continue
        if precision == "bfloat16" and not has_fast_bfloat16():
            print("bfloat16: this processor does not have it")
            continue
        network = _network(spec, precision)
        for n_threads in (1, 2):
            torch.set_num_threads(n_threads)
            for steps in STEPS:
                runs = [
                    _decode(network, options.frames, options.wrap, steps)
                    for _ in range(options.repeats)
                ]
                seconds = sum(min(times) for times in zip(*runs, strict=True))
                rtf = seconds / (options.frames / 50)
                print(
                    f"{precision:>13}  threads {n_threads}  steps {steps!s:>16}  "
                    f"{seconds:6.2f} s  RTF {rtf:.3f}  {1000 * seconds / sum(steps):5.1f} ms/step",
                    flush=True,
                )


@contextmanager
def _busy_process() -> Iterator[None]:
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        try:
            yield
        finally:
            process.kill()


def _network(spec: NetworkSpec, precision: str) -> MagnetTransformer:
    torch.manual_seed(1)
    network = MagnetTransformer(spec).eval().requires_grad_(False)
    if precision != "torch float32":
        pack(network, getattr(torch, precision))
    return network


def _decode(
    network: MagnetTransformer, n_frames: int, wrap_frames: int, steps: tuple[int, ...]
) -> list[float]:
    """Seconds of each step of one loop; the first includes what is done once."""
    spec = network.spec
    shape = (1, spec.n_codebooks, n_frames)
    generator = torch.Generator().manual_seed(2)
    job = DecodeJob(
        text=TextStates(
            torch.randn(1, N_WORDS, spec.text_dim, generator=generator),
            torch.ones(1, N_WORDS, dtype=torch.bool),
        ),
        beat=torch.randn(1, n_frames, spec.n_beat_features, generator=generator),
        given=torch.zeros(shape, dtype=torch.long),
        keep=torch.zeros(shape, dtype=torch.bool),
        decoding=Decoding(steps=steps),
        draws=SeededDraws([3], torch.device("cpu")),
        wrap_frames=wrap_frames,
    )
    times = [time.perf_counter()]
    Decoder(network, span=3).decode(job, lambda done, n_steps: times.append(time.perf_counter()))
    return [after - before for before, after in pairwise(times)]


if __name__ == "__main__":
    main()
