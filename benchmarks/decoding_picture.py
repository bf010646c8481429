"""A picture of decoding: which span was fixed at which step, codebook by codebook.

    python benchmarks/decoding_picture.py [--model FOLDER] [--prompt "..."] [--bars 4] [--bpm 120]

Each step draws all that is dark or bright; the bright spans, of which the network is surest, stay,
and the dark ones are drawn again in the next step (arXiv 2401.04577, section 3). Below is the sound
of it, and the beats are drawn through everything.
"""

from __future__ import annotations

import argparse
from importlib.resources import files
from pathlib import Path

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from osc_server.contract.requests import GenerateClip
from osc_server.magnet.checkpoints import load_checkpoint
from osc_server.magnet.decoding import Decoder, Listeners
from osc_server.magnet.engine import EMBEDDED, MagnetEngine
from osc_server.magnet.job_building import JobBuilder
from osc_server.magnet.recording import DrawRecorder
from osc_server.rendering.planning import plan_clip

ROOT = Path(__file__).parent.parent
CPU = torch.device("cpu")
KEPT, DROPPED, FIXED = 0, 1, 2
COLOURS = {KEPT: "#eceff4", DROPPED: "#3b4252", FIXED: "#e8883a"}
MEANINGS = {KEPT: "fixed before", DROPPED: "drawn, not sure enough", FIXED: "fixed at this step"}


def main() -> None:
    """Decode one loop and draw how it came about."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--model", type=Path, default=Path(str(files("osc_server.magnet"))) / EMBEDDED
    )
    parser.add_argument("--prompt", default="boom bap drum loop")
    parser.add_argument("--bars", type=float, default=2.0)
    parser.add_argument("--bpm", type=float, default=90.0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, default=ROOT / "docs/pictures/decoding.png")
    options = parser.parse_args()
    model = load_checkpoint(options.model, options.model.parent, CPU, torch.float32)
    engine = MagnetEngine(model, options.model.name, CPU)
    request = GenerateClip(1, options.prompt, bars=options.bars, bpm=options.bpm)
    clip = plan_clip(request, engine.info, options.seed)
    recorder = DrawRecorder(engine.info.n_codebooks, clip.plan.n_frames)
    listeners = Listeners(lambda done, n_steps: None, on_draw=recorder.heard)
    job = JobBuilder(model, CPU, None).job([clip.plan])
    (batch,) = Decoder(model.network, model.span).decode_all([job], listeners)
    audio = engine.decode(batch.codes[0].numpy(), circular=True)[:, 0]
    figure = draw(recorder, audio, clip.plan.n_frames / engine.info.frame_rate, float(clip.beats))
    title = f'"{options.prompt}", {options.bars:g} bars at {options.bpm:g} BPM'
    figure.suptitle(f"How MAGNeT decodes {title}", fontsize=11)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure)
    figure.savefig(options.out, dpi=110, pil_kwargs={"optimize": True})
    print(f"wrote {options.out}")


def draw(
    recorder: DrawRecorder, audio: NDArray[np.float32], seconds: float, n_beats: float
) -> Figure:
    """One row a codebook, its steps downwards, and the waveform below."""
    n_steps = [len(drawn) for drawn in recorder.n_drawn]
    figure = Figure(figsize=(11.0, 1.6 + 0.14 * sum(n_steps) + 0.9), layout="constrained")
    heights = [*(n + 1.0 for n in n_steps), 6.0]
    rows = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
    for k, (axes, n) in enumerate(zip(rows[:-1], n_steps, strict=True)):
        _steps(axes, recorder.fixed_at[k], n, seconds)
        axes.set_ylabel(f"codebook {k + 1}\nstep", fontsize=8)
    rows[-1].plot(np.linspace(0, seconds, len(audio)), audio, linewidth=0.3, color=COLOURS[DROPPED])
    rows[-1].set_yticks([])
    rows[-1].set_ylabel("sound", fontsize=8)
    rows[-1].set_xlabel("seconds", fontsize=8)
    rows[-1].set_xlim(0, seconds)
    for axes in rows:
        axes.tick_params(labelsize=7, length=2)
        for beat in range(1, int(np.ceil(n_beats))):
            axes.axvline(beat * seconds / n_beats, color="#5e81ac", linewidth=0.5, alpha=0.7)
    figure.legend(
        handles=[Patch(color=COLOURS[what], label=MEANINGS[what]) for what in COLOURS],
        loc="outside lower center",
        ncols=len(COLOURS),
        fontsize=8,
        frameon=False,
    )
    return figure


def _steps(axes: Axes, fixed_at: NDArray[np.int64], n_steps: int, seconds: float) -> None:
    step = np.arange(n_steps)[:, None]
    states = np.select([fixed_at < step, fixed_at == step], [KEPT, FIXED], DROPPED)
    axes.imshow(
        states,
        aspect="auto",
        interpolation="nearest",
        extent=(0.0, seconds, n_steps + 0.5, 0.5),
        cmap=ListedColormap([COLOURS[what] for what in (KEPT, DROPPED, FIXED)]),
        vmin=KEPT,
        vmax=FIXED,
    )
    axes.set_yticks([1, n_steps] if n_steps < 10 else [1, *range(5, n_steps + 1, 5)])


if __name__ == "__main__":
    main()
