"""What MAGNeT costs on a CPU: against audiocraft, the embedded model, and with length.

    python benchmarks/cpu.py [--out FILE] [--audiocraft CHECKOUT] [--threads 2] [--tiny]

Everything is a ratio within one run: the contenders are processes of their own that do their steps
in turn. Weights are random, of the shape of the published small model. Without a checkout of
audiocraft (``AUDIOCRAFT`` or ``--audiocraft``) the comparison says "not measured".
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # is read when torch is loaded

import numpy as np
import torch
from contender import CPU, N_WORDS, SMALL, TINY, small_network

from osc_server.magnet.checkpoints import load_checkpoint
from osc_server.magnet.engine import load_engine
from osc_server.magnet.guided import GuidedNetwork
from osc_server.magnet.packed import has_fast_bfloat16, has_fast_int8
from osc_server.magnet.precision import Precision, hasten
from osc_server.magnet.protocols import TextStates
from osc_server.magnet.sampling import SeededDraws, take_codes
from osc_server.magnet.transformer import MagnetTransformer
from osc_server.rendering.plan import BeatGrid, Codes, Decoding, Plan

STEPS = (20, 10, 10, 10)
FRAMES = 500
LENGTHS = (250, 500, 750, 1000, 1500)
PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16", "int8")
AUDIOCRAFT_EVERY = 5  # of our steps; its steps cost the same from the first to the last
HERE = Path(__file__).parent

Record = dict[str, Any]


class Contender:
    """A process that does one step when it is told to."""

    def __init__(self, name: str, *flags: str) -> None:
        command = [sys.executable, str(HERE / "contender.py"), name, *flags]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.steps: list[Record] = []
        self.runs_in = str(self._hear()["runs_in"])

    def step(self, **request: int) -> None:
        """One step; how long it took is kept."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        self.steps.append({**self._hear(), **request})

    def end(self) -> None:
        """No more steps."""
        assert self._process.stdin is not None
        self._process.kill()
        self._process.wait()

    def _hear(self) -> Record:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the contender ended with code {self._process.wait()}")
        heard: Record = json.loads(line)
        return heard


def clips(options: argparse.Namespace) -> Record:
    """Seconds of one clip of the small shape, ours in each precision and audiocraft's."""
    steps = (4, 2, 2, 2) if options.tiny else STEPS
    frames = 100 if options.tiny else FRAMES
    flags = [f"--frames={frames}", f"--threads={options.threads}"]
    flags += ["--tiny"] if options.tiny else []
    ours = {
        precision: Contender(
            "magnet", *flags, f"--precision={precision}", f"--steps={json.dumps(steps)}"
        )
        for precision in PRECISIONS
    }
    theirs = None
    if options.audiocraft:
        theirs = Contender("audiocraft", *flags, f"--audiocraft={options.audiocraft}")
        theirs.step(stage=0)  # what is made once is not counted
        theirs.steps.clear()
    stages = [stage for stage, n_steps in enumerate(steps) for _ in range(n_steps)]
    for number, stage in enumerate(stages):
        for contender in ours.values():
            contender.step(stage=stage)
        if theirs is not None and number % min(AUDIOCRAFT_EVERY, steps[stage]) == 0:
            theirs.step(stage=stage)
    record: Record = {"frames": frames, "steps": list(steps), "threads": options.threads}
    for precision, contender in ours.items():
        contender.end()
        record[precision] = {
            "runs_in": contender.runs_in,
            "wall_s": round(sum(step["wall"] for step in contender.steps), 2),
            "cpu_s": round(sum(step["cpu"] for step in contender.steps), 2),
        }
    if theirs is None:
        record["audiocraft"] = "not measured: no checkout given"
        return record
    theirs.end()
    record["audiocraft"] = {
        f"{clock}_s": round(sum(_median(theirs.steps, clock, stage) for stage in stages), 2)
        for clock in ("wall", "cpu")
    }
    record["times_faster"] = {
        precision: {
            clock: round(record["audiocraft"][f"{clock}_s"] / record[precision][f"{clock}_s"], 2)
            for clock in ("wall", "cpu")
        }
        for precision in PRECISIONS
    }
    return record


def _median(steps: list[Record], clock: str, stage: int) -> float:
    """Of the steps of the same kind: the first codebook's, or the others'."""
    same = [step[clock] for step in steps if (step["stage"] == 0) == (stage == 0)]
    return statistics.median(same)


def distance(
    network_of: Callable[[], MagnetTransformer], codes: np.ndarray, decoding: Decoding
) -> Record:
    """How far bfloat16 and int8 are from float32, on the same codes, step by step.

    The error of the guided logits is relative to their deviation; tokens are drawn with the same
    randomness from both.
    """
    networks = {"float32": network_of()}
    hasten(networks["float32"], "float32", CPU)
    record: Record = {}
    for precision, can in (("bfloat16", has_fast_bfloat16()), ("int8", has_fast_int8())):
        if not can:
            record[precision] = "not measured: this processor does not have it"
            continue
        network = network_of()
        hasten(network, "int8" if precision == "int8" else "bfloat16", CPU)
        rows = [
            _step_distance(networks["float32"], network, (codes, stage, share), decoding)
            for stage in range(codes.shape[0])
            for share in (1.0, 0.6, 0.2)
        ]
        record[precision] = {
            "logit_error": round(float(np.sqrt(np.mean([row[0] ** 2 for row in rows]))), 4),
            "same_argmax": round(float(np.mean([row[1] for row in rows])), 4),
            "same_tokens": round(float(np.mean([row[2] for row in rows])), 4),
        }
    return record


@torch.inference_mode()
def _step_distance(
    exact: MagnetTransformer,
    rounded: MagnetTransformer,
    at: tuple[np.ndarray, int, float],
    decoding: Decoding,
) -> tuple[float, float, float]:
    codes, stage, share = at
    spec = exact.spec
    n_frames = codes.shape[1]
    generator = torch.Generator().manual_seed(stage)
    masked = torch.rand(n_frames, generator=generator) < share
    tokens = torch.from_numpy(codes)[None].clone()
    tokens[:, stage + 1 :] = spec.mask_token
    tokens[:, stage, masked] = spec.mask_token
    text = TextStates(
        torch.randn(1, N_WORDS, spec.text_dim, generator=generator),
        torch.ones(1, N_WORDS, dtype=torch.bool),
    )
    frames = masked.nonzero()[:, 0][None]
    guidance = share * decoding.guidance_max + (1 - share) * decoding.guidance_min
    found = []
    for network in (exact, rounded):
        guided = GuidedNetwork(network, text, None, n_frames, 0)
        logits = guided.logits(tokens, stage, frames, guidance)
        draws = SeededDraws([stage], CPU)
        drawn, _ = take_codes(
            logits,
            max(decoding.temperature * share, 0.01),
            decoding,
            lambda p, draws=draws: draws.times(p, frames, [frames.shape[1]]),  # type: ignore[misc]
        )
        found.append((logits, drawn))
    (wanted, wanted_codes), (logits, drawn) = found
    error = float((logits - wanted).square().mean().sqrt() / wanted.std())
    same = float((logits.argmax(-1) == wanted.argmax(-1)).float().mean())
    return error, same, float((drawn == wanted_codes).float().mean())


def distance_of_small(options: argparse.Namespace) -> Record:
    """Random weights of the small shape, random codes."""
    spec = TINY if options.tiny else SMALL
    n_frames = 60 if options.tiny else 120
    shape = (spec.n_codebooks, n_frames)
    codes = np.random.default_rng(1).integers(spec.codebook_size, size=shape)
    return distance(lambda: small_network(spec), codes, Decoding())


def embedded(options: argparse.Namespace) -> Record:
    """The embedded model: an 8 s loop and its first preview; the precisions against each other."""
    record: Record = {"threads": options.threads}
    for precision in PRECISIONS:
        engine = load_engine(
            "embedded", models_folder=Path("none"), device="cpu", precision=precision
        )
        info = engine.info
        n_frames = round(8 * info.frame_rate)
        grid = BeatGrid(beats_per_frame=16 / n_frames, cycle_bars=4)
        times: list[tuple[float, float, float, float]] = []
        for seed in range(2 if options.tiny else 6):
            plan = Plan("drums", n_frames, seed, info.defaults, grid, wrap_frames=25)
            begun, cpu = time.perf_counter(), time.process_time()
            previews: list[float] = []

            def on_stage(
                n_done: int,
                codes: Sequence[Codes],
                begun: float = begun,
                previews: list[float] = previews,
            ) -> None:
                if n_done == 1:
                    engine.decode(np.asarray(codes[0]), circular=True)  # noqa: B023
                    previews.append(time.perf_counter() - begun)

            made = engine.generate([plan], lambda done, n_steps: None, on_stage=on_stage)
            coded = time.perf_counter()
            engine.decode(made[0].codes, circular=True)
            ended = time.perf_counter()
            times.append((ended - begun, previews[0], ended - coded, time.process_time() - cpu))
        whole, preview, codec, used = np.median(np.array(times[1:]), axis=0)
        record[precision] = {
            "wall_s": round(whole, 3),
            "cpu_s": round(used, 3),
            "rtf": round(whole / 8, 4),
            "first_preview_s": round(preview, 3),
            "codec_s": round(codec, 3),
        }
        record["steps"] = list(info.defaults.steps)
        codes = made[0].codes
        defaults = info.defaults
    folder = Path(str(files("osc_server.magnet") / "embedded"))
    record["distance"] = distance(lambda: _embedded_network(folder), codes, defaults)
    return record


def _embedded_network(folder: Path) -> MagnetTransformer:
    return load_checkpoint(folder, folder, CPU, torch.float32).network


def lengths(options: argparse.Namespace) -> Record:
    """Processor seconds of a step for each second of audio, by length."""
    record: Record = {}
    folder = Path(str(files("osc_server.magnet") / "embedded"))
    makers: dict[str, Callable[[], MagnetTransformer]] = {
        "embedded": lambda: _embedded_network(folder),
        "small": lambda: small_network(TINY if options.tiny else SMALL),
    }
    for name, make in makers.items():
        for precision in ("float32", "int8"):
            network = make()
            runs_in = hasten(network, "int8" if precision == "int8" else "float32", CPU)
            rows = []
            for n_frames in LENGTHS[: 2 if options.tiny else None]:
                seconds = {kind: _step_seconds(network, n_frames, kind) for kind in (0, 1)}
                n_first, n_later = STEPS[0], sum(STEPS[1:])
                clip = n_first * seconds[0] + n_later * seconds[1]
                rows.append(
                    {
                        "frames": n_frames,
                        "first_s": round(seconds[0], 4),
                        "later_s": round(seconds[1], 4),
                        "clip_cpu_s_per_audio_s": round(clip / (n_frames / 50), 3),
                    }
                )
            record[f"{name} {runs_in}"] = rows
    return record


@torch.inference_mode()
def _step_seconds(network: MagnetTransformer, n_frames: int, stage: int) -> float:
    """Processor time of a guided step from nothing: the least of three, which others disturb least.

    Steps after the first of a stage are cheaper, as frames are reused; those are in ``clips``.
    """
    spec = network.spec
    text = TextStates(
        torch.randn(1, N_WORDS, spec.text_dim), torch.ones(1, N_WORDS, dtype=torch.bool)
    )
    codes = torch.randint(spec.codebook_size, (1, spec.n_codebooks, n_frames))
    frames = torch.arange(n_frames)[None]
    times = []
    for _ in range(3):
        guided = GuidedNetwork(network, text, None, n_frames, 0)  # keeps nothing of the one before
        begun = time.process_time()
        guided.logits(codes, stage, frames, 3.0)
        times.append(time.process_time() - begun)
    return min(times)


def autoregressive(options: argparse.Namespace) -> Record:
    """MusicGen of the same shape in transformers: a 10 s clip from the cost of its first steps."""
    n_steps = 4 if options.tiny else 24
    flags = [f"--threads={options.threads}", *(["--tiny"] if options.tiny else [])]
    rival = Contender("autoregressive", *flags)
    ours = Contender("magnet", *flags, "--precision=float32", f"--steps={json.dumps((2, 2, 2, 2))}")
    for stage in (0, 0, 1, 1, 2, 2):
        rival.step(steps=n_steps)
        ours.step(stage=stage)
    rival.end()
    ours.end()
    clip = statistics.median(step["wall"] for step in rival.steps[1:]) / n_steps * (FRAMES + 3)
    first = statistics.median(step["wall"] for step in ours.steps[:2])
    later = statistics.median(step["wall"] for step in ours.steps[2:4])
    whole = STEPS[0] * first + sum(STEPS[1:]) * later
    return {
        "wall_s": round(clip, 1),
        "magnet_float32_wall_s": round(whole, 1),
        "times_faster": round(clip / whole, 2),
    }


def main() -> int:
    """Measure all parts; what fails is written down and the rest goes on."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default=str(HERE / "results-cpu.json"))
    parser.add_argument("--audiocraft", default=os.environ.get("AUDIOCRAFT", ""))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", default="", help="parts to measure, with commas")
    parser.add_argument("--tiny", action="store_true", help="small shapes, to test this script")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    parts = {
        "clips": clips,
        "distance": distance_of_small,
        "embedded": embedded,
        "lengths": lengths,
        "autoregressive": autoregressive,
    }
    out = Path(options.out)
    record: Record = {}
    if options.only and out.is_file():
        record = json.loads(out.read_text("utf-8"))
    record.setdefault("not_measured", {})
    record["environment"] = _environment()
    for name, measure in parts.items():
        if options.only and name not in options.only.split(","):
            continue
        begun = time.perf_counter()
        try:
            record[name] = measure(options)
            record[name]["load_average"] = round(os.getloadavg()[0], 1)
            record["not_measured"].pop(name, None)
        except Exception as error:  # noqa: BLE001 - the rest must go on
            record["not_measured"][name] = f"{type(error).__name__}: {error}"[:500]
            traceback.print_exc()
        print(f"{name}: {time.perf_counter() - begun:.0f} s", flush=True)
        out.with_suffix(".part").write_text(json.dumps(record, indent=1) + "\n", "utf-8")
        out.with_suffix(".part").replace(out)
    print(json.dumps(record, indent=1))
    return 0


def _environment() -> Record:
    capabilities = getattr(torch.cpu, "get_capabilities", dict)()
    return {
        "torch": torch.__version__,
        "processor": capabilities.get("cpu_name", "unknown"),
        "cores": os.cpu_count(),
        "bfloat16": has_fast_bfloat16(),
        "int8": has_fast_int8(),
    }


if __name__ == "__main__":
    sys.exit(main())
