"""Engines that the worker opens in tests: the tone engine, and one that goes wrong on demand."""

from __future__ import annotations

import os
import resource
import time

import numpy as np

from osc_server.contract.errors import ModelUnavailable
from osc_server.rendering.tone_engine import ToneEngine

SLOW_STEP_SECONDS = 0.02


class TroubledEngine(ToneEngine):
    """Does what the prompt says: ``slow``, ``no memory``, ``broken device``, ``bug``, ``nan``."""

    def generate(self, plans, on_step, **options):
        prompt = plans[0].prompt
        if prompt == "no memory":
            raise RuntimeError("CUDA out of memory. Tried to allocate 20.00 GiB")
        if prompt == "broken device":
            raise RuntimeError("CUDA error: device-side assert triggered")
        if prompt == "bug":
            raise ZeroDivisionError("division by zero")

        def step_slowly(done, total):
            if prompt == "slow":
                time.sleep(SLOW_STEP_SECONDS)
            on_step(done, total)

        decoded = super().generate(plans, step_slowly, **options)
        self._spoilt = prompt == "nan"
        return decoded

    def decode(self, codes, *, circular):
        audio = super().decode(codes, circular=circular)
        return np.full_like(audio, np.nan) if self._spoilt else audio


def open_troubled(model, models_folder, device):
    """``deadly`` kills its process, ``absent`` is not there, all others are troubled engines."""
    if model == "deadly":
        os._exit(7)
    if model == "absent":
        raise ModelUnavailable("no model absent: put its folder into the models folder")
    return TroubledEngine()


def open_on_a_full_disk(model, models_folder, device):
    """From here on this process can write no file past 8 KB, as on a disk without room."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))
    return ToneEngine()
