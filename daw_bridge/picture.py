"""A picture of a clip: waveform and mel spectrogram on the grid of its bars and beats."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from daw_bridge.client.clip_result import Audio, ClipResult
from daw_bridge.delivery.folder_sink import write_bytes
from osc_server.contract.musical_time import Meter

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH_INCHES, _HEIGHT_INCHES, _DOTS_PER_INCH = 12.8, 7.2, 150
_NIGHT, _PANEL, _INK, _SOFT = "#0e1116", "#141922", "#f2efe6", "#8b95a5"
_WAVE, _BODY, _DOWNBEAT = "#2f8f9d", "#7fe0d3", "#ffb454"
_COLUMNS, _LONGEST_TITLE = 1600, 60
_N_FFT, _N_MELS, _LOWEST_HZ, _FLOOR_DB = 4096, 160, 30.0, -75.0
_TICKS_HZ = (200, 500, 1000, 2000, 5000, 10000)


@dataclass(frozen=True, slots=True)
class Grid:
    """The beats under a picture.

    Attributes:
        beats: length in quarter notes.
        beats_per_bar: quarter notes in a bar.
        seconds: length.
    """

    beats: float
    beats_per_bar: float
    seconds: float


def save_picture(clip: ClipResult, meter: Meter, path: Path) -> Path:
    """Draw a clip and write it as a PNG, 1920 x 1080 points, whole or not at all.

    Raises:
        StorageFailed: where the clip cannot be read or the picture not be written.
    """
    samples = clip.read()
    figure = draw(
        samples,
        clip.rate_hz,
        Grid(float(clip.beats), float(meter.beats_per_bar), len(samples) / clip.rate_hz),
        title=clip.prompt or clip.id,
        subtitle=_facts(clip, meter),
    )
    content = io.BytesIO()
    figure.savefig(content, format="png", facecolor=_NIGHT, dpi=_DOTS_PER_INCH)
    return write_bytes(path, content.getvalue())


def draw(samples: Audio, rate_hz: int, grid: Grid, *, title: str, subtitle: str) -> Figure:
    """Waveform above, mel spectrogram below, bars and beats through both.

    Args:
        samples: ``[n_samples, n_channels]``, taken as a loop: what is shown at its edges is
            computed across the seam.
        rate_hz: samples per second.
        grid: where bars and beats lie.
        title: large.
        subtitle: small.
    """
    # matplotlib takes a second to import. Its object interface needs no display and no globals.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH_INCHES, _HEIGHT_INCHES), facecolor=_NIGHT)
    FigureCanvasAgg(figure)
    mono = samples.mean(axis=1, dtype=np.float32)
    wave = figure.add_axes((0.055, 0.62, 0.925, 0.235))
    mel = figure.add_axes((0.055, 0.09, 0.925, 0.50))
    for axes in (wave, mel):
        _bare(axes, grid)
    _draw_wave(wave, mono, grid)
    _draw_mel(mel, mono, rate_hz, grid)
    _number_bars(wave, mel, grid)
    figure.text(
        0.055, 0.945, _shortened(title), color=_INK, fontsize=19, fontweight="bold", va="center"
    )
    figure.text(0.98, 0.945, "MAGNeT", color=_SOFT, fontsize=11, va="center", ha="right")
    figure.text(0.055, 0.903, subtitle, color=_SOFT, fontsize=10.5, va="center")
    return figure


def _shortened(title: str) -> str:
    return title if len(title) <= _LONGEST_TITLE else title[: _LONGEST_TITLE - 1].rstrip() + "…"


def _facts(clip: ClipResult, meter: Meter) -> str:
    measured = f" (measured {clip.bpm_measured:.1f})" if clip.bpm_measured else ""
    facts = [
        f"{clip.bars:g} {'bar' if clip.bars == 1 else 'bars'} of {meter}",
        f"{clip.bpm:g} BPM{measured}",
        f"{clip.seconds:.3f} s",
        f"{clip.lufs:.1f} LUFS",
        f"seed {clip.seed}",
        f"RTF {clip.rtf:.2f}",
    ]
    return "   ·   ".join(facts).replace("-", "\N{MINUS SIGN}")


def _bare(axes: Axes, grid: Grid) -> None:
    axes.set_facecolor(_PANEL)
    axes.set_xlim(0, grid.beats)
    axes.tick_params(length=0, colors=_SOFT, labelsize=9)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _draw_wave(axes: Axes, mono: Audio, grid: Grid) -> None:
    """Peaks in the background, the body (RMS) in front."""
    edges = np.linspace(0, len(mono), min(_COLUMNS, len(mono)) + 1).astype(int)
    low = np.minimum.reduceat(mono, edges[:-1])
    high = np.maximum.reduceat(mono, edges[:-1])
    power = np.add.reduceat(np.square(mono, dtype=np.float64), edges[:-1]) / np.diff(edges)
    body = np.sqrt(power)
    middle = (edges[:-1] + edges[1:]) / 2 / len(mono) * grid.beats
    reach = max(0.1, float(np.abs(mono).max(initial=0.0))) * 1.06
    axes.fill_between(middle, low, high, color=_WAVE, linewidth=0, alpha=0.85)
    axes.fill_between(middle, -body, body, color=_BODY, linewidth=0, alpha=0.9)
    axes.set_ylim(-reach, reach)
    axes.set_yticks([])
    _lines(axes, grid)


def _draw_mel(axes: Axes, mono: Audio, rate_hz: int, grid: Grid) -> None:
    import librosa  # two seconds to import

    hop = max(64, len(mono) // _COLUMNS)
    around = np.pad(mono, _N_FFT // 2, mode="wrap")
    highest_hz = min(16000.0, rate_hz / 2)
    power = librosa.feature.melspectrogram(
        y=around,
        sr=rate_hz,
        n_fft=_N_FFT,
        win_length=_N_FFT // 2,
        hop_length=hop,
        n_mels=_N_MELS,
        fmin=_LOWEST_HZ,
        fmax=highest_hz,
        center=False,
    )
    level_db = 10 * np.log10(np.maximum(power, 1e-12) / max(float(power.max()), 1e-12))
    axes.imshow(
        level_db,
        aspect="auto",
        origin="lower",
        cmap="magma",
        vmin=_FLOOR_DB,
        vmax=0,
        interpolation="bilinear",
        extent=(0, grid.beats, 0, _N_MELS),
    )
    lowest, highest = librosa.hz_to_mel(_LOWEST_HZ), librosa.hz_to_mel(highest_hz)
    shown = [hz for hz in _TICKS_HZ if hz < highest_hz]
    places = [(librosa.hz_to_mel(hz) - lowest) / (highest - lowest) * _N_MELS for hz in shown]
    axes.set_yticks(places, [f"{hz // 1000}k" if hz >= 1000 else str(hz) for hz in shown])
    axes.set_ylabel("Hz", color=_SOFT, fontsize=9, labelpad=2)
    _lines(axes, grid)


def _lines(axes: Axes, grid: Grid) -> None:
    n_bars = grid.beats / grid.beats_per_bar
    if grid.beats <= 64:
        for beat in range(1, math.ceil(grid.beats)):
            if beat % grid.beats_per_bar:
                axes.axvline(beat, color=_INK, linewidth=0.6, alpha=0.16)
    for bar in range(math.ceil(n_bars)):
        axes.axvline(bar * grid.beats_per_bar, color=_DOWNBEAT, linewidth=1.1, alpha=0.75)


def _number_bars(wave: Axes, mel: Axes, grid: Grid) -> None:
    n_bars = math.ceil(Fraction(grid.beats) / Fraction(grid.beats_per_bar))
    step = max(1, math.ceil(n_bars / 16))
    bars = range(0, n_bars, step)
    wave.set_xticks([])
    mel.set_xticks([bar * grid.beats_per_bar for bar in bars], [f"bar {bar + 1}" for bar in bars])
    for label in mel.get_xticklabels():
        label.set_horizontalalignment("left")
        label.set_color(_DOWNBEAT)
    seconds_a_beat = grid.seconds / grid.beats
    to_seconds = partial(np.multiply, seconds_a_beat)
    to_beats = partial(np.multiply, 1 / seconds_a_beat)
    below = mel.secondary_xaxis(-0.055, functions=(to_seconds, to_beats))
    below.tick_params(length=0, colors=_SOFT, labelsize=8)
    for spine in below.spines.values():
        spine.set_visible(False)
    below.set_xlabel("seconds", color=_SOFT, fontsize=8, labelpad=1)
