"""Pictures of the report: spectrograms side by side, grids over drums, and bars.

Figures are made without pyplot, so that nothing global is touched and no display is needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from osc_server.training.evaluation.classifier import KINDS
from osc_server.training.evaluation.measures import Record
from osc_server.training.evaluation.onsets import ENVELOPE_RATE_HZ, onset_envelope, pick_onsets
from osc_server.training.evaluation.specimen import Specimen
from osc_server.training.evaluation.spectra import Floats, magnitudes, mel_filters

_DPI = 100
_RANGE_DB = 70.0
_COLOURS = "magma"
_BAR, _GOAL = "#4477aa", "#cc6677"


def save(figure: Figure, path: Path, n_colours: int = 48) -> None:
    """Write a figure as a small PNG of few colours, which are enough for a spectrogram."""
    FigureCanvasAgg(figure)
    whole = BytesIO()
    figure.savefig(whole, dpi=_DPI, format="png")
    picture = Image.open(whole).convert("RGB")
    picture.quantize(n_colours, dither=Image.Dither.NONE).save(path, optimize=True)


def _mel_db(specimen: Specimen, n_fft: int = 2048, n_mels: int = 96) -> Floats:
    hop = specimen.rate_hz // 80
    spectrum = magnitudes(specimen.audio, n_fft, hop, loop=specimen.loop)
    mel = spectrum @ mel_filters(specimen.rate_hz, n_fft, n_mels)
    return np.asarray(20.0 * np.log10(mel.T + 1e-6), dtype=np.float32)


def _spectrogram(axes: Axes, specimen: Specimen) -> None:
    decibels = _mel_db(specimen)
    top = float(np.percentile(decibels, 99.9))
    extent = (0.0, specimen.seconds, 0.0, float(decibels.shape[0]))
    axes.imshow(
        decibels,
        origin="lower",
        aspect="auto",
        extent=extent,
        vmin=top - _RANGE_DB,
        vmax=top,
        cmap=_COLOURS,
    )
    axes.set_yticks([])
    axes.tick_params(labelsize=6, length=2, pad=1)


def _beat_lines(axes: Axes, specimen: Specimen) -> None:
    beats = int(specimen.n_bars * specimen.beats_per_bar)
    for beat in range(1, beats):
        on_bar = beat % specimen.beats_per_bar == 0
        axes.axvline(
            beat * specimen.seconds / beats,
            color="white" if on_bar else "#66ccee",
            linewidth=1.0 if on_bar else 0.5,
            alpha=0.9 if on_bar else 0.6,
        )


def strip(specimen: Specimen) -> Figure:
    """One loop: its spectrogram in mel bands, with its beats and bars."""
    figure = Figure(figsize=(4.8, 1.1), layout="constrained")
    axes = figure.subplots()
    _spectrogram(axes, specimen)
    _beat_lines(axes, specimen)
    return figure


def kinds_page(rows: Mapping[str, Sequence[Specimen | None]], titles: Sequence[str]) -> Figure:
    """One row a kind, one column a source; an absent specimen leaves its place empty."""
    figure = Figure(figsize=(11.0, 1.45 * len(rows) + 0.4), layout="constrained")
    grid = figure.subplots(len(rows), len(titles), squeeze=False)
    for row, (kind, specimens) in enumerate(rows.items()):
        for column, specimen in enumerate(specimens):
            axes = grid[row][column]
            if row == 0:
                axes.set_title(titles[column], fontsize=9)
            if column == 0:
                axes.set_ylabel(kind, fontsize=9)
            if specimen is None:
                axes.set_xticks([])
                axes.set_yticks([])
                continue
            _spectrogram(axes, specimen)
            axes.text(
                0.01, 0.97, f"{specimen.prompt[:48]} ({specimen.bpm:.0f})",
                transform=axes.transAxes, va="top", fontsize=5.5, color="white",
            )  # fmt: skip
    return figure


def drums_page(specimens: Sequence[Specimen], estimates: Sequence[float]) -> Figure:
    """Generated drums with the asked beats drawn over them and their onset strength below."""
    figure = Figure(figsize=(11.0, 1.9 * ((len(specimens) + 1) // 2) + 0.2), layout="constrained")
    rows = (len(specimens) + 1) // 2
    grid = figure.subplots(2 * rows, 2, squeeze=False, height_ratios=[3, 1] * rows)
    for index, (specimen, estimate) in enumerate(zip(specimens, estimates, strict=True)):
        upper, lower = grid[2 * (index // 2)][index % 2], grid[2 * (index // 2) + 1][index % 2]
        _spectrogram(upper, specimen)
        _beat_lines(upper, specimen)
        upper.set_xticks([])
        upper.set_title(
            f"{specimen.prompt[:60]} · asked {specimen.bpm:g} · blind estimate {estimate:.1f}",
            fontsize=7,
        )
        envelope = onset_envelope(specimen.audio, specimen.rate_hz, loop=specimen.loop)
        lower.plot(np.arange(len(envelope)) / ENVELOPE_RATE_HZ, envelope, linewidth=0.6)
        lower.set_xlim(0.0, specimen.seconds)
        beats = int(specimen.n_bars * specimen.beats_per_bar)
        for beat in range(beats):
            lower.axvline(beat * specimen.seconds / beats, color="grey", linewidth=0.4)
        lower.set_yticks([])
        lower.tick_params(labelsize=6, length=2, pad=1)
    for unused in range(len(specimens), 2 * rows):
        grid[2 * (unused // 2)][unused % 2].set_axis_off()
        grid[2 * (unused // 2) + 1][unused % 2].set_axis_off()
    return figure


def notes_page(rows: Mapping[str, Sequence[Specimen | None]], titles: Sequence[str]) -> Figure:
    """Low and middle pitches of bass, arpeggios and chords, semitone by semitone, onsets ticked."""
    figure = Figure(figsize=(11.0, 2.3 * len(rows) + 0.3), layout="constrained")
    grid = figure.subplots(len(rows), len(titles), squeeze=False)
    for row, (kind, specimens) in enumerate(rows.items()):
        for column, specimen in enumerate(specimens):
            axes = grid[row][column]
            if row == 0:
                axes.set_title(titles[column], fontsize=9)
            if column == 0:
                axes.set_ylabel(f"{kind}\nsemitone", fontsize=8)
            if specimen is None:
                axes.set_axis_off()
                continue
            _semitones(axes, specimen)
            _beat_lines(axes, specimen)
            axes.text(
                0.01, 0.97, f"{specimen.prompt[:56]} ({specimen.bpm:.0f})",
                transform=axes.transAxes, va="top", fontsize=5.5, color="white",
            )  # fmt: skip
    return figure


def _semitones(axes: Axes, specimen: Specimen) -> None:
    """Magnitudes gathered into semitones from E1 (41 Hz) to E7, with onsets as ticks on top."""
    n_fft = 8192
    spectrum = magnitudes(specimen.audio, n_fft, specimen.rate_hz // 80, loop=specimen.loop)
    notes = np.arange(28, 101)
    centres = 440.0 * 2.0 ** ((notes - 69) / 12.0) * n_fft / specimen.rate_hz
    low, high = np.floor(centres * 2 ** (-1 / 24)), np.ceil(centres * 2 ** (1 / 24))
    bands = [spectrum[:, int(a) : int(b) + 1].max(axis=1) for a, b in zip(low, high, strict=True)]
    decibels = 20.0 * np.log10(np.stack(bands) + 1e-6)
    top = float(np.percentile(decibels, 99.9))
    axes.imshow(
        decibels,
        origin="lower",
        aspect="auto",
        extent=(0.0, specimen.seconds, 28.0, 101.0),
        vmin=top - 55.0,
        vmax=top,
        cmap=_COLOURS,
    )
    envelope = onset_envelope(specimen.audio, specimen.rate_hz, loop=specimen.loop)
    onsets = pick_onsets(envelope, loop=specimen.loop)
    axes.plot(onsets / ENVELOPE_RATE_HZ, np.full(len(onsets), 98.0), "|", color="cyan", ms=5)
    axes.set_xlim(0.0, specimen.seconds)
    axes.tick_params(labelsize=6, length=2, pad=1)


def figures_page(figures: Record) -> Figure:
    """Bars and points for what the report's tables say."""
    figure = Figure(figsize=(11.0, 6.6), layout="constrained")
    grid = figure.subplots(2, 3)
    _bars(grid[0][0], figures["kinds"]["by_label"], "asked kind heard", goal=0.75)
    _confusion(grid[0][1], figures["kinds"]["confusion"])
    _tempo_points(grid[0][2], figures["tempo"]["clips"])
    separate = {
        f"{kind}\n{source}": record[kind]["separate"]
        for kind in ("bass", "arp", "chords")
        for source, record in figures["notes"]["sources"].items()
    }
    _bars(grid[1][0], separate, "separate notes", size=5)
    _codec_bars(grid[1][1], figures["codec"])
    _bars(grid[1][2], figures["tempo"]["ladder"], "tempo right, blind", goal=0.9)
    return figure


def _bars(
    axes: Axes,
    ratios: Mapping[str, Mapping[str, Any]],
    title: str,
    *,
    goal: float | None = None,
    size: float = 7,
) -> None:
    names, records = list(ratios), list(ratios.values())
    shares = np.array([r["share"] for r in records])
    low = shares - np.array([r["interval"][0] for r in records])
    high = np.array([r["interval"][1] for r in records]) - shares
    errors = np.maximum(np.stack([low, high]), 0.0)
    axes.bar(range(len(names)), shares, color=_BAR, yerr=errors, ecolor="grey", capsize=2)
    axes.set_xticks(range(len(names)), names, fontsize=size, rotation=45 if len(names) > 8 else 0)
    axes.set_ylim(0.0, 1.05)
    axes.tick_params(axis="y", labelsize=7)
    axes.set_title(title, fontsize=9)
    if goal is not None:
        axes.axhline(goal, color=_GOAL, linewidth=1.0, linestyle="--")


def _confusion(axes: Axes, counts: Sequence[Sequence[int]]) -> None:
    matrix = np.array(counts, float)
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1.0)
    axes.imshow(shares, vmin=0.0, vmax=1.0, cmap="Blues")
    for i, j in np.argwhere(matrix > 0):
        colour = "white" if shares[i, j] > 0.5 else "black"
        axes.text(j, i, f"{matrix[i, j]:.0f}", ha="center", va="center", fontsize=7, color=colour)
    axes.set_xticks(range(len(KINDS)), KINDS, fontsize=6, rotation=45)
    axes.set_yticks(range(len(KINDS)), KINDS, fontsize=6)
    axes.set_title("asked (rows), heard (columns)", fontsize=9)


def _tempo_points(axes: Axes, clips: Sequence[Mapping[str, Any]]) -> None:
    asked = np.array([clip["asked_bpm"] for clip in clips])
    error = 100.0 * (np.array([clip["ratio"] for clip in clips]) - 1.0)
    right = np.abs(error) <= 2.0
    axes.axhspan(-2.0, 2.0, color="#ddeeff")
    axes.plot(asked[right], error[right], ".", color=_BAR, ms=4)
    axes.plot(asked[~right], np.clip(error[~right], -45, 45), "x", color=_GOAL, ms=4)
    axes.set_ylim(-46.0, 46.0)
    axes.set_xlabel("asked bpm", fontsize=7)
    axes.tick_params(labelsize=7)
    axes.set_title("error of the blind tempo, % (octaves folded)", fontsize=9)


def _codec_bars(axes: Axes, codec: Record) -> None:
    kinds = list(codec["by_kind"])
    width = 0.4
    places = np.arange(len(kinds))
    mel = [codec["by_kind"][kind]["mel"] for kind in kinds]
    convergence = [codec["by_kind"][kind]["convergence"] for kind in kinds]
    axes.bar(places - width / 2, mel, width, label="mel distance", color=_BAR)
    axes.bar(places + width / 2, convergence, width, label="spectral convergence", color="#ddaa33")
    axes.set_xticks(places, kinds, fontsize=7)
    axes.tick_params(axis="y", labelsize=7)
    axes.legend(fontsize=6)
    axes.set_title("codec round trip (less is better)", fontsize=9)
