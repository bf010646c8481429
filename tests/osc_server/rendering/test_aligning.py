"""Every place of the host's audio is the same place of the model's frames."""

import numpy as np
import pytest

from osc_server.rendering.aligning import decode, encode, line_to_host, line_to_model
from osc_server.rendering.tone_engine import ToneEngine
from tests.osc_server.rendering.studio import clicks_seconds, tune

ENGINE = ToneEngine()


@pytest.mark.parametrize("rate_hz", [22050, 32000, 44100, 96000])
@pytest.mark.parametrize("begin", [-0.3, 0.0, 0.51234])
def test_a_stretch_begins_exactly_where_it_shall(rate_hz, begin):
    audio = tune(3.0, rate_hz, level=0.0) * 0
    audio[round(1.0 * rate_hz)] = 1.0
    at_model = line_to_model(audio.astype("f4"), rate_hz, begin, 100, ENGINE.info)
    assert at_model.shape == (64000, 1)
    assert np.abs(at_model).argmax() / 32000 == pytest.approx(1.0 - begin, abs=2e-5)


@pytest.mark.parametrize("rate_hz", [32000, 44100, 48000])
def test_back_at_the_hosts_rate_the_first_sample_is_still_the_first(rate_hz):
    pulse = np.zeros((32000, 1), "f4")
    pulse[8000] = 1.0
    at_host = line_to_host(pulse, rate_hz, ENGINE.info)
    assert np.abs(at_host).argmax() == round(0.25 * rate_hz)


def test_minutes_are_decoded_in_pieces_as_they_are_in_one():
    codes = np.zeros((4, 50 * 70), np.int64)
    codes[1, ::25] = 1  # a click each half second, one of them on each border
    long = decode(ENGINE, codes)
    np.testing.assert_allclose(long, ENGINE.decode(codes, circular=False), atol=1e-6)
    assert len(clicks_seconds(long, 32000)) == 140


def test_minutes_are_encoded_in_pieces_as_they_are_in_one():
    class QuickEngine(ToneEngine):
        def encode(self, audio):
            return np.abs(audio).reshape(-1, 640).argmax(axis=1)[None]

    engine, audio = QuickEngine(), tune(130.0, 32000).astype("f4")
    np.testing.assert_array_equal(encode(engine, audio), engine.encode(audio))


def test_a_circle_is_encoded_between_its_own_ends():
    audio = tune(2.0, 32000).astype("f4")
    assert encode(ENGINE, audio, circular=True).shape == (4, 100)
