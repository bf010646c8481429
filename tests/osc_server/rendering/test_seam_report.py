"""A loop's seam against its interior: about 1 where it is like any other place."""

import numpy as np
import pytest

from osc_server.contract.requests import GenerateClip
from osc_server.rendering.canvas import Canvas
from osc_server.rendering.plan import BeatGrid, Decoding
from osc_server.rendering.seam_report import seam_flux, seam_perplexity
from osc_server.rendering.tone_engine import ToneEngine
from tests.osc_server.rendering.studio import Studio, tune

RATE = 44100


def test_a_seam_like_its_other_beats_has_a_flux_of_one():
    assert seam_flux(tune(4.0), RATE, 120) == pytest.approx(1.0, abs=0.1)


def test_a_steady_tone_that_closes_has_a_flux_of_one():
    t = np.arange(2 * RATE) / RATE
    assert seam_flux(np.sin(2 * np.pi * 220 * t)[:, None], RATE, 120) == pytest.approx(1.0, abs=0.1)


def test_a_jump_at_the_seam_is_heard_in_its_flux():
    t = np.arange(2 * RATE) / RATE
    open_loop = np.sin(2 * np.pi * 220.25 * t)[:, None]
    assert seam_flux(open_loop, RATE, 120) > 3


CANVAS = Canvas("pad", 100, Decoding(), BeatGrid(0.04), circular=True)


def own_codes(engine):
    return engine.generate([CANVAS.plan(0)], lambda done, steps: None)[0].codes


def test_codes_that_the_model_would_write_itself_have_a_perplexity_of_one():
    engine = ToneEngine()
    assert seam_perplexity(engine, own_codes(engine), CANVAS, 0) == pytest.approx(1.0)


@pytest.mark.parametrize("seam_frame", [0, 30])
def test_odd_codes_at_the_seam_raise_its_perplexity(seam_frame):
    engine = ToneEngine()
    codes = own_codes(engine)
    codes[:, [(seam_frame - 1) % 100, seam_frame]] = 77
    assert seam_perplexity(engine, codes, CANVAS, seam_frame) > 1.5
    assert seam_perplexity(engine, codes, CANVAS, (seam_frame + 50) % 100) < 1


def test_a_line_on_its_canvas_has_no_seam(tmp_path):
    made = Studio(tmp_path).make(GenerateClip(1, prompt="pad", bars=1, loop=False))
    assert (made.measured.seam_flux, made.measured.seam_perplexity) == (0, 0)


def test_a_loop_that_fills_the_window_is_closed_by_a_second_pass(tmp_path):
    studio = Studio(tmp_path, ToneEngine(window_frames=200))
    drawn = []
    generate = studio.engine.generate

    def watched(plans, *args, **options):
        drawn.append(plans[0].keep_mask)
        return generate(plans, *args, **options)

    studio.engine.generate = watched
    made = studio.make(GenerateClip(1, prompt="pad", bars=2))
    assert drawn[0] is None
    assert not drawn[1][:, 75:125].any()
    assert drawn[1][:, :75].all()
    assert drawn[1][:, 125:].all()
    assert made.measured.seam < 1.5
    assert studio.store.read_codes(made.id)[2, 0] == 2
