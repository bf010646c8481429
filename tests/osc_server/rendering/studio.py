"""What tests of the renderer share: a renderer on the tone engine, audio files, and an ear."""

from datetime import UTC, datetime
from itertools import count

import numpy as np
import soundfile

from osc_server.library.clips import ClipStore
from osc_server.rendering.renderer import Clocks, Renderer
from osc_server.rendering.tone_engine import ToneEngine


class Studio:
    """A clips folder, an engine and a renderer."""

    def __init__(self, folder, engine=None):
        self.folder = folder
        self.store = ClipStore(folder / "clips")
        self.store.prepare()
        self.engine = engine or ToneEngine()
        ticks = count(step=2.0)
        clocks = Clocks(
            lambda: float(next(ticks)), lambda: datetime(2026, 11, 22, 20, 30, 11, tzinfo=UTC)
        )
        self.renderer = Renderer(self.engine, self.store, clocks, {"magnet-bridge": "0.1.0"})

    def make(self, request, seed=7, **hooks):
        """The sidecar of the best take."""
        return self.makes(request, seed, **hooks)[0]

    def makes(self, request, seed=7, **hooks):
        on_step = hooks.pop("on_step", lambda done, steps: None)
        return self.renderer.render(request, seed, on_step, **hooks)

    def audio(self, sidecar):
        return self.store.read_audio(sidecar.id)

    def wav(self, name, audio, rate_hz=44100, subtype="PCM_16"):
        """The path of a new WAV."""
        path = self.folder / name
        soundfile.write(path, audio, rate_hz, subtype=subtype)
        return str(path)


def tune(seconds, rate_hz=44100, bpm=120.0, hz=220.0, level=0.2, first_beat=0.0):
    """Mono ``[n, 1]``: a sine with a click on each beat."""
    n_samples = round(seconds * rate_hz)
    t = np.arange(n_samples) / rate_hz
    audio = level * np.sin(2 * np.pi * hz * t)
    click = level * 2.5 * np.exp(-np.arange(round(0.02 * rate_hz)) / (0.003 * rate_hz))
    at = first_beat * 60 / bpm
    while at < seconds:
        begin = round(at * rate_hz)
        part = audio[begin : begin + len(click)]
        part += click[: len(part)] * np.cos(2 * np.pi * 1000 * t[: len(part)])
        at += 60 / bpm
    return audio[:, None]


def clicks_seconds(audio, rate_hz, threshold=0.5):
    """When the clicks of the tone engine begin."""
    mono = np.abs(audio).max(axis=1)
    loud = np.flatnonzero(mono > threshold * mono.max())
    starts = loud[np.insert(np.diff(loud) > 0.05 * rate_hz, 0, True)]
    return starts / rate_hz


def sharpest_turn(audio, at, reach=3):
    """The greatest second difference within ``reach`` samples of a place: what a click is."""
    around = audio[at - reach - 1 : at + reach + 2]
    return float(np.abs(np.diff(around, 2, axis=0)).max())
