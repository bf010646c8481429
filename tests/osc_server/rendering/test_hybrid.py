"""The hybrid: a beginning by the companion, true to the host's tempo."""

from dataclasses import replace

import numpy as np
import pytest

from osc_server.contract.errors import BadRequest, ModelUnavailable
from osc_server.contract.requests import GenerateClip, Hint, Vary
from osc_server.rendering.plan import BeatGrid
from osc_server.rendering.tone_engine import ToneEngine
from tests.osc_server.rendering.studio import Studio, clicks_seconds


class ShyEngine(ToneEngine):
    """Has no companion."""

    @property
    def info(self):
        return replace(super().info, companion="")


class LooseEngine(ToneEngine):
    """Reads the tempo in words only; its companion plays 124 bpm and comes in late."""

    @property
    def info(self):
        return replace(super().info, takes_tempo=False)

    def generate(self, plans, on_step, **options):
        decoded = super().generate(plans, on_step, **options)
        self.given = [plan.keep_mask[0].sum() for plan in plans if plan.keep_mask is not None]
        return decoded

    def encode(self, audio):
        self.encoded = audio
        return super().encode(audio)

    def hint(self, plan, n_frames, on_step):
        grid = BeatGrid(beats_per_frame=124 / 60 / 50, first_beat=-0.3)
        return super().hint(replace(plan, beat_grid=grid), n_frames, on_step)


ASKED = GenerateClip(1, prompt="pad", bars=4, bpm=128, hint=Hint(beats=8))


def test_the_beginning_is_the_companions_and_the_rest_is_drawn(tmp_path):
    studio = Studio(tmp_path)
    written = []
    hint = studio.engine.hint
    studio.engine.hint = lambda plan, n, on_step: written.append(n) or hint(plan, n, on_step)
    made = studio.make(ASKED)
    assert written == [round(8 * 60 / 128 * 50)]
    assert made.measured.bpm_measured == pytest.approx(128, rel=0.003)
    assert made.request.hint == Hint(beats=8)
    assert made.notes.count("hint") == 0


def test_a_hint_out_of_time_is_stretched_and_begun_on_its_beat(tmp_path):
    studio = Studio(tmp_path, LooseEngine())
    made = studio.make(ASKED)
    assert "stretched from 12" in made.notes
    assert "on its beat" in made.notes
    assert studio.engine.given == [round(8 * 60 / 128 * 50)]
    clicks = clicks_seconds(studio.engine.encoded, 32000, 0.3)
    np.testing.assert_allclose(clicks[:8], np.arange(8) * 60 / 128, atol=0.02)


def test_each_take_has_a_hint_of_its_own(tmp_path):
    studio = Studio(tmp_path)
    seeds = []
    hint = studio.engine.hint
    studio.engine.hint = lambda plan, n, on_step: seeds.append(plan.seed) or hint(plan, n, on_step)
    studio.makes(replace(ASKED, takes=3))
    assert len(set(seeds)) == 3


def test_seconds_are_a_length_too(tmp_path):
    studio = Studio(tmp_path)
    assert studio.make(replace(ASKED, hint=Hint(seconds=1.5))).measured.bars == 4


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"hint": Hint(seconds=31)}, "longer than the 30 s"),
        ({"hint": Hint(beats=16)}, "leaves nothing"),
        ({"hint": Hint(beats=20)}, "leaves nothing"),
        ({"hint": Hint(seconds=0.001)}, "more than nothing"),
        ({"start": Vary("x"), "hint": Hint(beats=1)}, "begins a clip that is made from words"),
    ],
)
def test_a_hint_that_cannot_be_written_is_refused(tmp_path, asked, said):
    with pytest.raises(BadRequest, match=said):
        Studio(tmp_path).make(replace(ASKED, **asked))


@pytest.mark.parametrize("asked", [{}, {"hint": None, "rescore": 0.5}])
def test_a_model_without_a_companion_says_so(tmp_path, asked):
    with pytest.raises(ModelUnavailable, match="no autoregressive companion"):
        Studio(tmp_path, ShyEngine()).make(replace(ASKED, **asked))


def test_progress_never_goes_back_from_the_hint_to_the_rest(tmp_path):
    told = []
    Studio(tmp_path).make(ASKED, on_step=lambda done, steps: told.append(done / steps))
    assert told == sorted(told)
    assert told[-1] == 1.0
