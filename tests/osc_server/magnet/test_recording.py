"""The record of how a clip came about."""

import numpy as np
import torch

from osc_server.magnet.decoding import Decoder, Listeners
from osc_server.magnet.recording import GIVEN, DrawRecorder
from tests.osc_server.magnet.models import TINY_DECODING, tiny_network
from tests.osc_server.magnet.test_decoding import ignore, make_job


def record(job):
    recorder = DrawRecorder(4, job.keep.shape[2])
    listeners = Listeners(ignore, on_draw=recorder.heard)
    Decoder(tiny_network(), span=3).decode_all([job], listeners)
    return recorder


def test_each_code_is_fixed_at_one_step_and_some_at_the_first_and_the_last():
    recorder = record(make_job(30))
    for k, n_steps in enumerate(TINY_DECODING.steps):
        assert recorder.fixed_at[k].min() == 0
        assert recorder.fixed_at[k].max() == n_steps - 1
        # What a step draws is what is fixed by it or by a later one.
        left = [int((recorder.fixed_at[k] >= step).sum()) for step in range(n_steps)]
        assert recorder.n_drawn[k] == left


def test_what_is_given_is_fixed_at_no_step():
    keep = torch.zeros(1, 4, 30, dtype=torch.bool)
    keep[..., 9:21] = True
    recorder = record(make_job(30, keep=keep))
    assert np.array_equal(recorder.fixed_at == GIVEN, keep[0].numpy())
