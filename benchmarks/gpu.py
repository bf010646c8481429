"""What MAGNeT costs on a GPU: steps, clips, memory, and how far ahead of other ways it is.

    python benchmarks/gpu.py [--out gpu.json] [--audiocraft CHECKOUT] [--seconds 200]

Needs PyTorch and NumPy, nothing else: the networks have the shapes of the published checkpoints
and random weights, made on the device. What cannot be measured is reported as such and the rest
goes on; the file is written anew after each part, so that a run cut short keeps what it has.
``--tiny`` runs every part on small shapes, on CPU too: to test this script, not to measure.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
sys.path.insert(0, str(Path(__file__).parents[1]))  # runs from a checkout that is not installed

import torch
from audiocraft_reference import Reference
from autoregressive_baseline import CachedDecoder, TransformersMusicgen

from osc_server.magnet.decoding import DecodeJob, Decoder
from osc_server.magnet.graphed import Gelu, GraphedLayers
from osc_server.magnet.guided import GuidedNetwork
from osc_server.magnet.protocols import TextStates
from osc_server.magnet.sampling import SeededDraws
from osc_server.magnet.spec import NetworkSpec
from osc_server.magnet.transformer import MagnetTransformer
from osc_server.rendering.plan import Decoding

SHAPES = {
    "small": NetworkSpec(dim=1024, n_heads=16, n_layers=24),
    "medium": NetworkSpec(dim=1536, n_heads=24, n_layers=48),
}
GOALS_MS = {"small": 125.0, "medium": 550.0}
STEPS = (20, 10, 10, 10)
FRAMES = (200, 400, 500, 800, 1500)
BATCHES = (1, 2, 4, 8)
CROWDS = (1, 2, 4, 8, 16, 32, 64)
CLIP_FRAMES = 500
N_WORDS = 12
LOOP_STEPS = 64  # of an autoregressive clip, where all of them would take too long
FRAME_RATE = 50

Record = dict[str, Any]


class Bench:
    """One run: its device, its clock, its record."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.begun = time.perf_counter()
        has_gpu = torch.cuda.is_available()
        self.device = torch.device("cuda" if has_gpu else "cpu")
        self.dtype = torch.float16 if has_gpu else torch.float32
        self.tiny: bool = options.tiny
        self.shapes = SHAPES
        self.frames, self.batches, self.crowds = FRAMES, BATCHES, CROWDS
        self.clip_frames, self.steps = CLIP_FRAMES, STEPS
        if self.tiny:
            tiny = NetworkSpec(dim=64, n_heads=4, n_layers=2, codebook_size=64, text_dim=16)
            self.shapes = {"small": tiny, "medium": tiny}
            self.frames, self.batches, self.crowds = (20, 41), (1, 2), (1, 2)
            self.clip_frames, self.steps = 50, (4, 2, 2, 2)
        self.record: Record = {"environment": self._environment(), "not_measured": {}}
        self._networks: dict[str, MagnetTransformer] = {}

    def _environment(self) -> Record:
        record: Record = {"torch": torch.__version__, "device": "cpu", "tiny": self.tiny}
        if self.device.type == "cuda":
            properties = torch.cuda.get_device_properties(0)
            record["device"] = properties.name
            record["memory_gib"] = round(properties.total_memory / 2**30, 1)
            record["cuda"] = torch.version.cuda
            record["dtype"] = "float16"
        return record

    def left(self) -> float:
        """Seconds left of this run."""
        return float(self.options.seconds) - (time.perf_counter() - self.begun)

    def part(self, name: str, measure: Callable[[], Any], needs_seconds: float = 0.0) -> None:
        """Run one part; what it raises is written down instead."""
        begun = time.perf_counter()
        if self.left() < needs_seconds:
            self.record["not_measured"][name] = f"only {self.left():.0f} s were left"
        else:
            try:
                self.record[name] = measure()
            except Exception as error:  # noqa: BLE001 - the rest must go on
                self.record["not_measured"][name] = f"{type(error).__name__}: {error}"[:500]
                traceback.print_exc()
        if self.device.type == "cuda":
            with contextlib.suppress(RuntimeError):
                torch.cuda.empty_cache()
        self.record["environment"]["seconds"] = round(time.perf_counter() - self.begun, 1)
        print(f"{name}: {time.perf_counter() - begun:.1f} s", flush=True)
        self.write()

    def write(self) -> None:
        """Save the record, whole."""
        path = Path(self.options.out)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(json.dumps(self.record, indent=1), "utf-8")
        part.replace(path)

    def network(
        self, name: str, *, graphed: bool = True, gelu: Gelu = "exact"
    ) -> MagnetTransformer:
        """The network of a shape, random, on the device."""
        if name not in self._networks:
            torch.manual_seed(1)
            with torch.device(self.device):
                network = MagnetTransformer(self.shapes[name])
            self._networks[name] = network.to(self.dtype).eval().requires_grad_(False)
        network = self._networks[name]
        if not graphed:
            network.faster = None
        elif network.faster is None:
            network.faster = GraphedLayers(network, gelu=gelu)
        return network

    def forget(self) -> None:
        """Free graphs."""
        for network in self._networks.values():
            network.faster = None

    def text(self, name: str, batch: int) -> TextStates:
        """States of prompts, on the device."""
        dim = self.shapes[name].text_dim
        states = torch.randn(batch, N_WORDS, dim, device=self.device)
        return TextStates(states, torch.ones(batch, N_WORDS, dtype=torch.bool, device=self.device))

    @contextlib.contextmanager
    def timed(self, into: list[float]) -> Iterator[None]:
        """Append the milliseconds until the device has done what is launched inside."""
        self.wait()
        begun = time.perf_counter()
        yield
        self.wait()
        into.append(1000 * (time.perf_counter() - begun))

    def wait(self) -> None:
        """Until the device is idle."""
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def peak_gib(self) -> float | None:
        """Most memory held since it was last asked; None on CPU."""
        if self.device.type != "cuda":
            return None
        peak = torch.cuda.max_memory_allocated() / 2**30
        torch.cuda.reset_peak_memory_stats()
        return round(peak, 2)


def step_times(bench: Bench, name: str) -> list[Record]:
    """Milliseconds of a guided step: the first codebook's, and a later one's."""
    network = bench.network(name)
    rows: list[Record] = []
    for n_frames in bench.frames:
        for batch in bench.batches:
            row: Record = {"frames": n_frames, "batch": batch}
            try:
                for kind, stage in (("first", 0), ("later", 1)):
                    row[f"{kind}_ms"] = _step_ms(bench, network, name, (n_frames, batch, stage))
            except torch.cuda.OutOfMemoryError:
                row["not_measured"] = "out of memory"
                torch.cuda.empty_cache()
            rows.append(row)
    bench.forget()
    return rows


@torch.inference_mode()
def _step_ms(
    bench: Bench, network: MagnetTransformer, name: str, at: tuple[int, int, int]
) -> float:
    n_frames, batch, stage = at
    guided = GuidedNetwork(network, bench.text(name, batch), None, n_frames, 0)
    shape = (batch, network.spec.n_codebooks, n_frames)
    codes = torch.randint(network.spec.codebook_size, shape, device=bench.device)
    frames = torch.arange(n_frames, device=bench.device).expand(batch, -1)
    for _ in range(3):  # the second time records, the third replays
        guided.logits(codes, stage, frames, 3.0)
    times: list[float] = []
    for _ in range(3):
        with bench.timed(times):
            for _ in range(4):
                guided.logits(codes, stage, frames, 3.0)
    return round(statistics.median(times) / 4, 3)


def _job(bench: Bench, name: str, batch: int, n_frames: int, seed: int) -> DecodeJob:
    shape = (batch, bench.shapes[name].n_codebooks, n_frames)
    return DecodeJob(
        text=bench.text(name, batch),
        beat=None,
        given=torch.zeros(shape, dtype=torch.long),
        keep=torch.zeros(shape, dtype=torch.bool),
        decoding=Decoding(steps=bench.steps, temperature=3.0, top_p=0.9, guidance_max=10.0),
        draws=SeededDraws([seed + item for item in range(batch)], bench.device),
    )


def clip(
    bench: Bench,
    name: str,
    n_frames: int,
    *,
    graphed: bool,
    repeats: int = 5,
    gelu: Gelu = "exact",
) -> Record:
    """A whole clip: all its codes, the first codebook alone, and the memory that it takes."""
    network = bench.network(name, graphed=graphed, gelu=gelu)
    decoder = Decoder(network, span=3)
    bench.peak_gib()
    times: list[float] = []
    previews: list[float] = []
    for repeat in range(repeats + 2):  # the first two make handles and graphs
        begun = time.perf_counter()

        def on_step(done: int, n_steps: int, begun: float = begun) -> None:
            if done == bench.steps[0]:
                bench.wait()
                previews.append(1000 * (time.perf_counter() - begun))

        with bench.timed(times):
            decoder.decode(_job(bench, name, 1, n_frames, repeat), _listening(repeat, on_step))
    record: Record = {
        "frames": n_frames,
        "ms": round(statistics.median(times[2:]), 1),
        "first_run_ms": round(times[0], 1),
        "all_ms": [round(value, 1) for value in times],
        "first_codebook_ms": round(statistics.median(previews), 1),
        "peak_gib": bench.peak_gib(),
        "rtf": round(statistics.median(times[2:]) / 1000 / (n_frames / FRAME_RATE), 4),
    }
    if n_frames == CLIP_FRAMES:
        record["goal_ms"] = GOALS_MS[name]
    bench.forget()
    return record


def _listening(repeat: int, on_step: Callable[[int, int], None]) -> Callable[[int, int], None]:
    """Whole clips are timed without asking the device in between, previews in every other run."""
    return on_step if repeat % 2 and repeat > 2 else lambda done, n_steps: None


def first_codebook_only(bench: Bench, name: str) -> Record:
    """Until the codes of a preview are there: the stage of the first codebook and nothing else."""
    network = bench.network(name)
    job = _job(bench, name, 1, bench.clip_frames, 1)
    job.keep[:, 1:] = True  # only the first is open
    times: list[float] = []
    for _ in range(6):
        with bench.timed(times):
            Decoder(network, span=3).decode(job, lambda done, n_steps: None)
    bench.forget()
    return {"frames": bench.clip_frames, "ms": round(statistics.median(times[2:]), 1)}


def agreement(bench: Bench, name: str, gelu: Gelu = "exact") -> Record:
    """How far the fast way is from plain PyTorch in the same precision, and from float32."""
    plain, text = bench.network(name, graphed=False), bench.text(name, 1)
    shape = (1, plain.spec.n_codebooks, bench.clip_frames)
    codes = torch.randint(plain.spec.codebook_size, shape, device=bench.device)
    frames = torch.arange(bench.clip_frames, device=bench.device)[None]
    record: Record = {}
    exact = MagnetTransformer(plain.spec).to(bench.device).eval().requires_grad_(False)
    exact.load_state_dict(plain.state_dict())
    with torch.inference_mode():
        for stage in (0, 1):
            found = {}
            for way in ("plain", "fast"):
                network = bench.network(name, graphed=way == "fast", gelu=gelu)
                guided = GuidedNetwork(network, text, None, bench.clip_frames, 0)
                for _ in range(3):
                    found[way] = guided.logits(codes, stage, frames, 3.0)
            guided = GuidedNetwork(exact, text, None, bench.clip_frames, 0)
            wanted = guided.logits(codes, stage, frames, 3.0)
            for way, logits in found.items():
                error = (logits - wanted).square().mean().sqrt() / wanted.std()
                same = (logits.argmax(-1) == wanted.argmax(-1)).float().mean()
                record[f"{way}_stage_{stage}"] = {
                    "logit_error": round(float(error), 6),
                    "same_argmax": round(float(same), 4),
                }
    faster = bench.network(name).faster
    record["window_kernel"] = bool(getattr(faster, "_has_window", False))
    record["graphs"] = bool(getattr(faster, "_records", False))
    record["graphs_refused"] = getattr(faster, "refused", "")
    bench.forget()
    return record


def bfloat16_clip(bench: Bench, name: str) -> Record:
    """The same clip in bfloat16."""
    float16, bench.dtype = bench.dtype, torch.bfloat16
    network = bench.network(name).to(bench.dtype)
    network.faster = None
    try:
        return clip(bench, name, bench.clip_frames, graphed=True, repeats=3)
    finally:
        bench.dtype = float16
        del bench._networks[name]


def kernels(bench: Bench, name: str) -> list[Record]:
    """Where the time of a clip goes: microseconds a step, by kernel, the longest first."""
    decoder = Decoder(bench.network(name), span=3)
    for seed in range(2):
        decoder.decode(_job(bench, name, 1, bench.clip_frames, seed), lambda done, n_steps: None)
    on_gpu = bench.device.type == "cuda"
    activity = torch.profiler.ProfilerActivity
    with torch.profiler.profile(activities=[activity.CUDA if on_gpu else activity.CPU]) as profile:
        decoder.decode(_job(bench, name, 1, bench.clip_frames, 9), lambda done, n_steps: None)
        bench.wait()
    bench.forget()
    n_steps = sum(bench.steps)
    rows: list[Record] = []
    for event in profile.key_averages():
        total = event.self_device_time_total if on_gpu else event.self_cpu_time_total
        row = {
            "us_per_step": round(total / n_steps, 1),
            "per_step": round(event.count / n_steps, 1),
        }
        rows.append({"kernel": event.key[:90], **row})
    rows.sort(key=lambda row: -row["us_per_step"])
    return [{"kernel": "all", "us_per_step": sum(row["us_per_step"] for row in rows)}, *rows[:24]]


def audiocraft(bench: Bench, name: str) -> Record:
    """The loop and network of audiocraft itself, same shape, same text length, same device."""
    reference = Reference(
        Path(bench.options.audiocraft),
        bench.shapes[name],
        bench.device,
        bench.dtype,
        window_seconds=bench.clip_frames // FRAME_RATE,
    )
    text = torch.randn(1, N_WORDS, bench.shapes[name].dim)
    times: list[float] = []
    for _ in range(4):
        with bench.timed(times):
            reference.generate(
                text,
                bench.clip_frames,
                temp=3.0,
                top_p=0.9,
                top_k=0,
                max_cfg_coef=10.0,
                min_cfg_coef=1.0,
                decoding_steps=list(bench.steps),
            )
    return {"frames": bench.clip_frames, "ms": round(statistics.median(times[1:]), 1)}


def audiocraft_musicgen(bench: Bench, name: str) -> Record:
    """The MusicGen loop of audiocraft itself, same shape."""
    reference = Reference(
        Path(bench.options.audiocraft),
        bench.shapes[name],
        bench.device,
        bench.dtype,
        autoregressive=True,
    )
    text = torch.randn(1, N_WORDS, bench.shapes[name].dim)
    times: list[float] = []
    for _ in range(2):
        with bench.timed(times):
            reference.generate(text, bench.clip_frames, top_k=min(250, reference.model.card))
    return {"frames": bench.clip_frames, "ms": round(times[-1], 1)}


def crowd(bench: Bench, name: str) -> list[Record]:
    """Milliseconds of one 10 s clip and clips a second, against how many are made at once."""
    rows: list[Record] = []
    for batch in bench.crowds:
        if bench.left() < 15:
            rows.append({"batch": batch, "not_measured": "no time was left"})
            continue
        row: Record = {"batch": batch}
        ways: dict[str, Callable[[], float]] = {
            "magnet": lambda n=batch: _run_ms(bench, _magnet_run(bench, name, n)),  # type: ignore[misc]
            "autoregressive": lambda n=batch: _loop_ms(bench, name, n, graphed=False),  # type: ignore[misc]
            "autoregressive_graphed": lambda n=batch: _loop_ms(bench, name, n, graphed=True),  # type: ignore[misc]
        }
        for way, measure in ways.items():
            try:
                row[f"{way}_ms"] = measure()
                row[f"{way}_clips_per_second"] = round(1000 * batch / row[f"{way}_ms"], 2)
            except Exception as error:  # noqa: BLE001 - the rest must go on
                row[f"{way}_not_measured"] = f"{type(error).__name__}: {error}"[:200]
            bench.forget()
            if bench.device.type == "cuda":
                torch.cuda.empty_cache()
        row["peak_gib"] = bench.peak_gib()
        if {"magnet_ms", "autoregressive_ms"} <= row.keys():
            row["times_faster"] = round(row["autoregressive_ms"] / row["magnet_ms"], 2)
        if {"magnet_ms", "autoregressive_graphed_ms"} <= row.keys():
            row["times_faster_than_graphed"] = round(
                row["autoregressive_graphed_ms"] / row["magnet_ms"], 2
            )
        rows.append(row)
    return rows


def _run_ms(bench: Bench, run: Callable[[], object]) -> float:
    run()
    times: list[float] = []
    with bench.timed(times):
        run()
    if times[0] < 2000:
        for _ in range(2):
            with bench.timed(times):
                run()
    return round(statistics.median(times), 1)


def _magnet_run(bench: Bench, name: str, batch: int) -> Callable[[], object]:
    decoder = Decoder(bench.network(name), span=3)
    jobs = iter(range(1000))
    return lambda: decoder.decode(
        _job(bench, name, batch, bench.clip_frames, next(jobs)), lambda done, n_steps: None
    )


def _loop_ms(bench: Bench, name: str, batch: int, *, graphed: bool) -> float:
    """A whole clip; launched kernel by kernel it is scaled up from some of its steps.

    There the launches are the cost, the same in each step, and a clip takes many seconds.
    """
    if graphed and bench.device.type != "cuda":
        raise RuntimeError("no CUDA graphs here")
    network = bench.network(name, graphed=False)
    with torch.inference_mode():
        loop = CachedDecoder(network, batch, bench.clip_frames, N_WORDS)
    if graphed:
        return _run_ms(bench, lambda: loop.run(graphed=True))
    n_steps = min(LOOP_STEPS, loop.n_steps)
    some = _run_ms(bench, lambda: loop.run(graphed=False, n_steps=n_steps))
    return round(some * loop.n_steps / n_steps, 1)


def transformers_musicgen(bench: Bench, name: str) -> Record:
    """``transformers``' MusicGen decoder in its own step loop, one clip."""
    like = bench.network(name).out_norm.weight
    loop = TransformersMusicgen(bench.shapes[name], 1, bench.clip_frames, N_WORDS, like)
    whole, loop.n_steps = loop.n_steps, min(LOOP_STEPS, loop.n_steps)
    some = _run_ms(bench, loop.run)
    return {"frames": bench.clip_frames, "ms": round(some * whole / loop.n_steps, 1)}


def ratios(bench: Bench) -> Record:
    """Everything that was measured against our clip of the same shape."""
    found: Record = {}
    for name in bench.shapes:
        ours = bench.record.get(f"clip_{name}")
        if ours is None:
            continue
        for other in ("plain_clip", "audiocraft", "audiocraft_musicgen", "transformers_musicgen"):
            theirs = bench.record.get(f"{other}_{name}")
            if theirs is not None:
                found[f"{other}_{name}"] = round(theirs["ms"] / ours["ms"], 2)
    return found


def main() -> int:
    """Measure all parts, the most wanted first."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default=str(Path(__file__).parent / "results-gpu.json"))
    parser.add_argument("--audiocraft", default=os.environ.get("AUDIOCRAFT", ""))
    parser.add_argument("--seconds", type=float, default=180, help="begin no part after this")
    parser.add_argument("--tiny", action="store_true", help="small shapes, to test this script")
    options = parser.parse_args()
    bench = Bench(options)
    if bench.device.type != "cuda" and not bench.tiny:
        print("no GPU here: nothing is measured (--tiny tests the script)")
        return 0
    whole = bench.clip_frames
    for name in bench.shapes:
        bench.part(f"clip_{name}", lambda n=name: clip(bench, n, whole, graphed=True))
        bench.part(f"agreement_{name}", lambda n=name: agreement(bench, n))
        bench.part(f"preview_{name}", lambda n=name: first_codebook_only(bench, n))
        bench.part(
            f"plain_clip_{name}", lambda n=name: clip(bench, n, whole, graphed=False, repeats=2)
        )
        bench.part(
            f"fused_gelu_clip_{name}",
            lambda n=name: clip(bench, n, whole, graphed=True, repeats=2, gelu="fused"),
        )
        bench.part(f"fused_gelu_agreement_{name}", lambda n=name: agreement(bench, n, "fused"))
        if options.audiocraft:
            bench.part(f"audiocraft_{name}", lambda n=name: audiocraft(bench, n))
        else:
            bench.record["not_measured"][f"audiocraft_{name}"] = "no checkout given"
    bench.part("kernels_small", lambda: kernels(bench, "small"), 5)
    for name in bench.shapes:
        bench.part(f"steps_{name}", lambda n=name: step_times(bench, n), 20)
    bench.part("crowd_small", lambda: crowd(bench, "small"), 30)
    for name in bench.shapes:
        if options.audiocraft:
            bench.part(
                f"audiocraft_musicgen_{name}", lambda n=name: audiocraft_musicgen(bench, n), 15
            )
        bench.part(
            f"transformers_musicgen_{name}", lambda n=name: transformers_musicgen(bench, n), 15
        )
    bench.part(
        "long_clip_small", lambda: clip(bench, "small", 3 * whole, graphed=True, repeats=2), 10
    )
    bench.part("bfloat16_clip_small", lambda: bfloat16_clip(bench, "small"), 5)
    bench.part("ratios", lambda: ratios(bench))
    print(json.dumps(bench.record, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
