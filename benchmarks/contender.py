"""One way to compute a clip, in a process of its own, a step at a time when it is told to.

``cpu.py`` starts several and lets each do a step in turn, so that whatever else happens on the
machine happens to all of them. Answers one JSON line for each line that it reads.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # is read when torch is loaded

import torch
from audiocraft_reference import Reference
from autoregressive_baseline import TransformersMusicgen

from osc_server.magnet.decoding import DecodeJob, Decoder
from osc_server.magnet.precision import hasten
from osc_server.magnet.protocols import TextStates
from osc_server.magnet.sampling import SeededDraws
from osc_server.magnet.spec import NetworkSpec
from osc_server.magnet.transformer import MagnetTransformer
from osc_server.rendering.plan import Decoding

SMALL = NetworkSpec(dim=1024, n_heads=16, n_layers=24)
TINY = NetworkSpec(dim=64, n_heads=4, n_layers=2, codebook_size=64, text_dim=16)
N_WORDS = 12
CPU = torch.device("cpu")


class Stopwatch:
    """Seconds on the wall and of processor time between two looks."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Begin anew."""
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def tell(self, **more: object) -> None:
        """Say how long it was, and wait to be asked again."""
        wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        print(json.dumps({"wall": wall, "cpu": cpu, **more}), flush=True)


def asked() -> Iterator[dict[str, int]]:
    """What is asked for, line by line."""
    for line in sys.stdin:
        yield json.loads(line)


def small_network(spec: NetworkSpec) -> MagnetTransformer:
    """Random weights, the same in every process."""
    torch.manual_seed(1)
    return MagnetTransformer(spec).eval().requires_grad_(False)


def job(spec: NetworkSpec, n_frames: int, steps: tuple[int, ...]) -> DecodeJob:
    """A clip of the published models' defaults."""
    generator = torch.Generator().manual_seed(2)
    shape = (1, spec.n_codebooks, n_frames)
    return DecodeJob(
        text=TextStates(
            torch.randn(1, N_WORDS, spec.text_dim, generator=generator),
            torch.ones(1, N_WORDS, dtype=torch.bool),
        ),
        beat=None,
        given=torch.zeros(shape, dtype=torch.long),
        keep=torch.zeros(shape, dtype=torch.bool),
        decoding=Decoding(steps=steps),
        draws=SeededDraws([3], CPU),
    )


def magnet(options: argparse.Namespace, spec: NetworkSpec) -> None:
    """Our decoder, as the engine runs it: one whole clip, a step for each line."""
    network = small_network(spec)
    runs_in = hasten(network, options.precision, CPU)
    steps = tuple(json.loads(options.steps))
    Decoder(network, span=3).decode(job(spec, 24, (1, 1, 1, 1)), lambda done, n_steps: None)
    requests, watch = asked(), Stopwatch()
    watch.tell(runs_in=runs_in)
    next(requests)
    watch.start()

    def on_step(done: int, n_steps: int) -> None:
        watch.tell(done=done)
        next(requests)
        watch.start()

    Decoder(network, span=3).decode(job(spec, options.frames, steps), on_step)


def audiocraft(options: argparse.Namespace, spec: NetworkSpec) -> None:
    """Its own loop: one step of the stage that each line names."""
    reference = Reference(
        Path(options.audiocraft), spec, CPU, torch.float32, window_seconds=options.frames // 50
    )
    reference.load(small_network(spec))
    text = torch.randn(1, N_WORDS, spec.dim)
    watch = Stopwatch()
    watch.tell(runs_in="float32")
    for request in asked():
        steps = [0] * spec.n_codebooks
        steps[request["stage"]] = 1
        watch.start()
        reference.generate(
            text,
            options.frames,
            temp=3.0,
            top_p=0.9,
            top_k=0,
            max_cfg_coef=10.0,
            min_cfg_coef=1.0,
            decoding_steps=steps,
        )
        watch.tell()


def autoregressive(options: argparse.Namespace, spec: NetworkSpec) -> None:
    """The MusicGen decoder of transformers: some frames, from the first on, for each line."""
    like = torch.zeros(1)
    loop = TransformersMusicgen(spec, 1, options.frames, N_WORDS, like)
    watch = Stopwatch()
    watch.tell(runs_in="float32")
    for request in asked():
        loop.n_steps = request["steps"]
        watch.start()
        loop.run()
        watch.tell()


def main() -> None:
    """Be the contender that is named."""
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=("magnet", "audiocraft", "autoregressive"))
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--frames", type=int, default=500)
    parser.add_argument("--steps", default="[20, 10, 10, 10]")
    parser.add_argument("--audiocraft", default="")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tiny", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    ways = {"magnet": magnet, "audiocraft": audiocraft, "autoregressive": autoregressive}
    ways[options.name](options, TINY if options.tiny else SMALL)


if __name__ == "__main__":
    main()
