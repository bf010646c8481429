"""Pictures of the instruments: a spectrogram of each, on the grid of its beats.

    python benchmarks/instrument_pictures.py [--model embedded] [--seed 7] [--quick]

Everything goes through the renderer, as a musician's request does; what is drawn anew is marked.
Writes docs/pictures/{generate,continue,infill,vary,loop,hybrid}.png.
"""

from __future__ import annotations

import argparse
import io
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import librosa
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from osc_server.contract.clip import ClipSidecar
from osc_server.contract.requests import (
    CloseLoop,
    Continue,
    DecodingOptions,
    GenerateClip,
    Hint,
    Infill,
    Vary,
)
from osc_server.library.clips import ClipStore
from osc_server.magnet.engine import EMBEDDED, load_engine
from osc_server.rendering.distance import spectral_distance_db
from osc_server.rendering.plan import Audio
from osc_server.rendering.renderer import Clocks, Renderer

OUT = Path(__file__).parent.parent / "docs/pictures"
NIGHT, INK, SOFT, NEW, SEAM = "#0e1116", "#f2efe6", "#8b95a5", "#5fd0c4", "#7fe0d3"
RATE_HZ = 32000
N_MELS, N_FFT, HOP, FLOOR_DB = 128, 2048, 256, -72.0
N_COLOURS = 96
AMOUNTS = (0.2, 0.5, 0.8)
HINT_BEATS = 4.0
FILLED = (10.0, 14.0)


@dataclass(frozen=True, slots=True)
class Panel:
    """One spectrogram.

    Attributes:
        audio: ``[n_samples]``.
        title: above it.
        bpm: whose beats are drawn.
        new: what is marked as drawn anew, in beats.
        seam: where a line is drawn, in beats.
    """

    audio: NDArray[np.float32]
    title: str
    bpm: float
    new: tuple[float, float] | None = None
    seam: float | None = None


class Studio:
    """A renderer with a folder of its own."""

    def __init__(self, model: str, folder: Path, seed: int, *, quick: bool) -> None:
        engine = load_engine(model, models_folder=folder, device="auto")
        self.has_companion = bool(engine.info.companion)
        self._store = ClipStore(folder / "clips")
        self._store.prepare()
        clocks = Clocks(time.perf_counter, lambda: datetime.now(UTC))
        self._renderer = Renderer(engine, self._store, clocks, {})
        self._seed = seed
        n_codebooks = engine.info.n_codebooks
        self._decoding = DecodingOptions(steps=(6, *[2] * (n_codebooks - 1)) if quick else None)

    def make(self, request: GenerateClip, seed_shift: int = 0) -> ClipSidecar:
        """Render one request."""
        request = replace(request, rate_hz=RATE_HZ, decoding=self._decoding)
        best, *_ = self._renderer.render(request, self._seed + seed_shift, lambda i, n: None)
        print(f"{best.id}: {best.notes or 'no notes'}")
        return best

    def hear(self, clip: ClipSidecar) -> Audio:
        """Its samples."""
        return self._store.read_audio(clip.id)


def main() -> None:
    """Draw them all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default=EMBEDDED)
    parser.add_argument("--prompt", default="techno drums with a rolling bass")
    parser.add_argument("--bpm", type=float, default=126.0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="few steps, to try it out")
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        studio = Studio(options.model, Path(folder), options.seed, quick=options.quick)
        asked = GenerateClip(1, options.prompt, bars=4, bpm=options.bpm)
        clip = studio.make(asked)
        pictures = {
            "generate": [panel(studio, clip, f'generate: "{options.prompt}", 4 bars')],
            "continue": continued(studio, clip),
            "infill": infilled(studio, clip),
            "vary": varied(studio, clip),
            "loop": looped(studio, clip),
        }
        if studio.has_companion:
            pictures["hybrid"] = hybrid(studio, asked)
        else:
            print(f"{options.model} has no autoregressive companion: no picture of the hybrid")
        for name, panels in pictures.items():
            save(draw(panels), options.out / f"{name}.png")


def panel(studio: Studio, clip: ClipSidecar, title: str, **marks: object) -> Panel:
    """A clip as it is."""
    made = Panel(studio.hear(clip).mean(axis=1), title, clip.request.bpm)
    return replace(made, **marks)  # type: ignore[arg-type]


def continued(studio: Studio, clip: ClipSidecar) -> list[Panel]:
    """The source and what follows it, in one."""
    new = studio.make(GenerateClip(2, start=Continue(clip.id), bars=4))
    audio = np.concatenate([studio.hear(clip), studio.hear(new)]).mean(axis=1)
    title = "continue: four bars after the given four"
    return [Panel(audio, title, clip.request.bpm, (16.0, 32.0), 16.0)]


def infilled(studio: Studio, clip: ClipSidecar) -> list[Panel]:
    """Before and after."""
    new = studio.make(GenerateClip(3, start=Infill(clip.id, *FILLED)), 1)
    changed = np.abs(studio.hear(new) - studio.hear(clip)).max(axis=1) > 0
    places = np.flatnonzero(changed) / RATE_HZ * clip.request.bpm / 60
    title = f"infill: samples differ from beat {places.min():.3f} to {places.max():.3f} only"
    return [panel(studio, clip, "given"), panel(studio, new, title, new=FILLED)]


def varied(studio: Studio, clip: ClipSidecar) -> list[Panel]:
    """The source and three variations."""
    panels = [panel(studio, clip, "given")]
    for amount in AMOUNTS:
        new = studio.make(GenerateClip(4, start=Vary(clip.id, amount)), 2)
        distance = spectral_distance_db(studio.hear(clip), RATE_HZ, studio.hear(new), RATE_HZ)
        panels.append(panel(studio, new, f"vary {amount:g}: {distance:.1f} dB from what was given"))
    return panels


def looped(studio: Studio, clip: ClipSidecar) -> list[Panel]:
    """Two bars and a half, made a loop of two, twice round."""
    line = studio.make(
        GenerateClip(5, clip.request.prompt, beats=10, bpm=clip.request.bpm, loop=False), 3
    )
    loop = studio.make(GenerateClip(6, start=CloseLoop(line.id), bars=2), 4)
    audio = np.concatenate([studio.hear(loop)] * 2).mean(axis=1)
    measured = loop.measured
    title = (
        f"loop, twice round: at the seam {measured.seam_flux:.2f} times the flux of other beats, "
        f"{measured.seam_perplexity:.2f} times the perplexity of the interior"
    )
    return [
        panel(studio, line, "given: two and a half bars that do not close"),
        Panel(audio, title, clip.request.bpm, (7.0, 9.0), 8.0),
    ]


def hybrid(studio: Studio, asked: GenerateClip) -> list[Panel]:
    """The companion's beginning and what was drawn after it."""
    new = studio.make(replace(asked, hint=Hint(beats=HINT_BEATS)))
    title = f"hybrid: the first {HINT_BEATS:g} beats by the companion, the rest in parallel"
    return [panel(studio, new, title, new=(HINT_BEATS, 16.0), seam=HINT_BEATS)]


def draw(panels: Sequence[Panel]) -> Figure:
    """Spectrograms under each other."""
    figure = Figure(figsize=(11.0, 0.5 + 2.3 * len(panels)), layout="constrained", facecolor=NIGHT)
    for axes, one in zip(np.ravel(figure.subplots(len(panels), 1)), panels, strict=True):
        _spectrogram(axes, one)
    return figure


def _spectrogram(axes: Axes, one: Panel) -> None:
    spectrum = np.abs(librosa.stft(one.audio, n_fft=N_FFT, hop_length=HOP)) ** 2
    mel = librosa.filters.mel(sr=RATE_HZ, n_fft=N_FFT, n_mels=N_MELS, fmin=30.0)
    level_db = 10 * np.log10(np.maximum(mel @ spectrum, 1e-12))
    n_beats = len(one.audio) / RATE_HZ * one.bpm / 60
    axes.imshow(
        level_db - level_db.max(),
        aspect="auto",
        origin="lower",
        extent=(0.0, n_beats, 0.0, N_MELS),
        cmap="magma",
        vmin=FLOOR_DB,
        vmax=0.0,
    )
    for beat in range(int(n_beats) + 1):
        axes.axvline(beat, color=INK, linewidth=0.8 if beat % 4 == 0 else 0.3, alpha=0.35)
    if one.new is not None:
        axes.plot(one.new, (N_MELS - 2,) * 2, color=NEW, linewidth=4, solid_capstyle="butt")
    if one.seam is not None:
        axes.axvline(one.seam, color=SEAM, linewidth=1.2, linestyle=(0, (4, 3)))
    hz = np.array([100, 500, 2000, 8000])
    centres = librosa.mel_frequencies(n_mels=N_MELS, fmin=30.0, fmax=RATE_HZ / 2)
    axes.set_yticks(np.interp(hz, centres, np.arange(N_MELS)), [f"{f:g} Hz" for f in hz])
    axes.set_xticks(range(0, int(n_beats) + 1, 4))
    axes.set_xlim(0, n_beats)
    axes.tick_params(colors=SOFT, labelsize=8)
    axes.set_title(one.title, color=INK, fontsize=9, loc="left")
    axes.set_facecolor(NIGHT)


def save(figure: Figure, path: Path) -> None:
    """Write a PNG, with few colours, so that the repository stays small."""
    FigureCanvasAgg(figure)
    content = io.BytesIO()
    figure.savefig(content, dpi=90, facecolor=NIGHT)
    Image.open(content).convert("RGB").quantize(N_COLOURS).save(path, optimize=True)
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
