"""Single notes of a soundfont, rendered offline by FluidSynth's C library (2.0 or newer).

The Python binding on PyPI reads samples of 16 bits, dithered by what was rendered before; here they
are floats, and the same note is the same in any process.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterable
from ctypes.util import find_library
from pathlib import Path

import numpy as np

from osc_server.training.corpus.oscillators import RATE, Audio

BLOCK = 64
"""Samples that FluidSynth renders at once: what begins, begins with one of its blocks."""

NAMES = ("fluidsynth", "libfluidsynth-3", "fluidsynth-3", "libfluidsynth-2")
"""What the library is called; all but the first on Windows."""
PLACES = (
    "libfluidsynth.so.3",
    "/opt/homebrew/lib/libfluidsynth.dylib",
    "/usr/local/lib/libfluidsynth.dylib",
)
"""Where it lies if ``find_library`` doesn't find it."""

_FONT = "take FluidR3_GM.sf2 out of Debian's package fluid-soundfont-gm"
INSTALL = {
    "linux": "apt install libfluidsynth3 fluid-soundfont-gm (Debian, Ubuntu)",
    "darwin": f"brew install fluid-synth, and {_FONT}",
    "win32": f"put the bin folder of FluidSynth's release on PATH, and {_FONT}",
}
"""Library and soundfont, by ``sys.platform``."""
_CHANNEL = 0
_BEND_CENTRE, _BEND_CENTS = 8192, 200.0
_TAIL_BLOCKS = 50  # rendered at once while a note fades: 0.1 s
_ERROR, _WARNING, _INFORMATION, _DEBUG = range(1, 5)
_SETTINGS: dict[str, int | float] = {
    "synth.sample-rate": float(RATE),
    "synth.gain": 1.0,
    "synth.reverb.active": 0,  # space is the corpus' own
    "synth.chorus.active": 0,
    "synth.cpu-cores": 1,
    "synth.lock-memory": 0,
    "synth.dynamic-sample-loading": 1,  # only the samples of the instrument that plays
}


class SamplerUnavailable(RuntimeError):
    """Library or soundfont are missing or of no use; the text says what to install."""


class FluidSynth:
    """A soundfont, opened once; plays one note at a time."""

    def __init__(self, path: Path, libraries: Iterable[str] | None = None) -> None:
        """Open ``path``.

        Args:
            path: a soundfont (.sf2).
            libraries: what to load FluidSynth's library from; None looks in the usual places.

        Raises:
            SamplerUnavailable: there is no such library, or it cannot read the soundfont.
        """
        self._c = _load(_usual_libraries() if libraries is None else libraries)
        self._settings = self._c.new_fluid_settings()
        for name, value in _SETTINGS.items():
            put = "setint" if isinstance(value, int) else "setnum"
            getattr(self._c, f"fluid_settings_{put}")(self._settings, name.encode(), value)
        self._synth = self._c.new_fluid_synth(self._settings)
        self._font = self._c.fluid_synth_sfload(self._synth, str(path).encode(), 0)
        if self._font < 0:
            self.close()
            raise SamplerUnavailable(f"{path} cannot be read as a soundfont")
        self._path = path

    def close(self) -> None:
        """Give the memory back; nothing can be played after."""
        self._c.delete_fluid_synth(self._synth)
        self._c.delete_fluid_settings(self._settings)

    def note(
        self,
        preset: tuple[int, int],
        key: int,
        velocity: int,
        seconds: tuple[float, float],
        cents: float = 0.0,
    ) -> Audio:
        """One note, mono, from when the key goes down until it has faded.

        Args:
            preset: bank (128 holds kits) and program, both from 0.
            key: MIDI note number, 0..127.
            velocity: 1..127.
            seconds: how long the key is held, and how long it may sound after.
            cents: detuned by this, -200..200.

        Raises:
            SamplerUnavailable: the soundfont has no such preset.
        """
        c, synth = self._c, self._synth
        if c.fluid_synth_program_select(synth, _CHANNEL, self._font, *preset) != 0:
            raise SamplerUnavailable(
                f"{self._path} has no instrument {preset[1]} in bank {preset[0]}: "
                "take FluidR3_GM.sf2 (the package fluid-soundfont-gm)"
            )
        bend = _BEND_CENTRE + round(_BEND_CENTRE * cents / _BEND_CENTS)
        c.fluid_synth_pitch_bend(synth, _CHANNEL, min(max(bend, 0), 2 * _BEND_CENTRE - 1))
        # The first blocks of a note depend on what the filter of its voice did last (2.3). So it
        # is played twice: the second always follows itself.
        self._play(key, velocity, seconds)
        return self._play(key, velocity, seconds)

    def _play(self, key: int, velocity: int, seconds: tuple[float, float]) -> Audio:
        c, synth = self._c, self._synth
        held, fading = (max(1, round(each * RATE / BLOCK)) for each in seconds)
        c.fluid_synth_noteon(synth, _CHANNEL, key, velocity)
        heard = [self._read(held)]
        c.fluid_synth_noteoff(synth, _CHANNEL, key)
        for _ in range(0, fading, _TAIL_BLOCKS):
            if not c.fluid_synth_get_active_voice_count(synth):
                break
            heard.append(self._read(_TAIL_BLOCKS))
        c.fluid_synth_all_sounds_off(synth, _CHANNEL)
        while c.fluid_synth_get_active_voice_count(synth):
            self._read(1)
        return np.asarray(np.concatenate(heard, axis=1).mean(axis=0), dtype=np.float32)

    def _read(self, blocks: int) -> Audio:
        """Both sides, ``[2, blocks * 64]``."""
        n = blocks * BLOCK
        sides = np.zeros((2, n), dtype=np.float32)
        left, right = sides.ctypes.data, sides.ctypes.data + sides.strides[0]
        self._c.fluid_synth_write_float(self._synth, n, left, 0, 1, right, 0, 1)
        return sides


def _usual_libraries() -> list[str]:
    found = [find_library(name) for name in NAMES]
    return [*(path for path in found if path), *PLACES]


def _load(libraries: Iterable[str]) -> ctypes.CDLL:
    for name in libraries:
        try:
            return _declared(ctypes.CDLL(name))
        except OSError:
            continue
    raise SamplerUnavailable(
        "revision 2 of the corpus needs FluidSynth's library, which isn't found: "
        f"{how_to_install()}"
    )


def how_to_install() -> str:
    """What brings library and soundfont to this platform."""
    return INSTALL.get(sys.platform, INSTALL["linux"])


def _declared(c: ctypes.CDLL) -> ctypes.CDLL:
    """The functions that are used here, with their types, and quiet but for errors."""
    handle, text, whole, real = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_double
    types = {
        "new_fluid_settings": (handle,),
        "new_fluid_synth": (handle, handle),
        "delete_fluid_settings": (None, handle),
        "delete_fluid_synth": (None, handle),
        "fluid_set_log_function": (handle, whole, handle, handle),
        "fluid_settings_setint": (whole, handle, text, whole),
        "fluid_settings_setnum": (whole, handle, text, real),
        "fluid_synth_sfload": (whole, handle, text, whole),
        "fluid_synth_program_select": (whole, handle, whole, whole, whole, whole),
        "fluid_synth_pitch_bend": (whole, handle, whole, whole),
        "fluid_synth_noteon": (whole, handle, whole, whole, whole),
        "fluid_synth_noteoff": (whole, handle, whole, whole),
        "fluid_synth_all_sounds_off": (whole, handle, whole),
        "fluid_synth_get_active_voice_count": (whole, handle),
        "fluid_synth_write_float": (whole, handle, whole, *2 * (handle, whole, whole)),
    }  # fmt: skip
    for name, (result, *arguments) in types.items():
        function = getattr(c, name)
        function.restype, function.argtypes = result, arguments
    for level in (_ERROR, _WARNING, _INFORMATION, _DEBUG):
        c.fluid_set_log_function(level, None, None)
    return c
