"""Given audio is read exactly, and refused with what to do where it is of no use."""

import numpy as np
import pytest
import soundfile

from osc_server.contract.errors import BadRequest
from osc_server.contract.requests import GenerateClip
from osc_server.rendering.source import read_source
from tests.osc_server.rendering.studio import Studio, tune


@pytest.fixture
def studio(tmp_path):
    return Studio(tmp_path)


def test_a_clip_comes_with_its_sidecar_and_its_codes(studio):
    clip = studio.make(GenerateClip(1, prompt="pad", bars=1))
    source = read_source(clip.id, studio.store)
    assert source.sidecar == clip
    assert source.codes.shape == (4, 100)
    assert source.seconds == 2.0


def test_a_clip_named_by_the_path_of_its_wav_is_the_clip(studio):
    clip = studio.make(GenerateClip(1, prompt="pad", bars=1))
    path = str(studio.store.wav_path(clip.id))
    assert read_source(path, studio.store).sidecar == clip
    assert read_source(f"{clip.id}.wav", studio.store).sidecar == clip


def test_a_clip_whose_codes_are_gone_is_still_audio(studio):
    clip = studio.make(GenerateClip(1, prompt="pad", bars=1))
    (studio.store.folder / f"{clip.id}.codes.npy").unlink()
    assert read_source(clip.id, studio.store).codes is None


@pytest.mark.parametrize(
    ("subtype", "dtype"),
    [("PCM_16", "int32"), ("PCM_24", "int32"), ("FLOAT", "float32"), ("DOUBLE", "float64")],
)
def test_samples_are_kept_in_the_files_own_form(studio, subtype, dtype):
    path = studio.wav("a.wav", np.repeat(tune(0.5, 96000), 2, axis=1), 96000, subtype)
    source = read_source(path, studio.store)
    assert (source.rate_hz, source.n_channels, str(source.exact.dtype)) == (96000, 2, dtype)
    np.testing.assert_array_equal(source.exact, soundfile.read(path, dtype=dtype)[0])
    np.testing.assert_allclose(source.audio, soundfile.read(path)[0], atol=1e-7)


def test_a_file_is_known_by_its_content(studio):
    one, other = (studio.wav(name, tune(0.5)) for name in ("a.wav", "b.wav"))
    third = studio.wav("c.wav", tune(0.5, hz=221))
    known = [read_source(path, studio.store).sha256 for path in (one, other, third)]
    assert known[0] == known[1] != known[2]


def write_empty(path):
    path.write_bytes(b"")


def write_noise(path):
    path.write_bytes(bytes(range(256)) * 9)


def write_no_samples(path):
    soundfile.write(path, np.zeros((0, 1)), 44100)


def write_silence(path):
    soundfile.write(path, np.zeros((44100, 2)), 44100)


def write_a_blink(path):
    soundfile.write(path, tune(0.05), 44100)


def write_surround(path):
    soundfile.write(path, np.repeat(tune(0.5), 6, axis=1), 44100)


def write_minutes(path):
    soundfile.write(path, np.full(8000 * 601, 100, "i2"), 8000)


def write_not_numbers(path):
    soundfile.write(path, np.full((44100, 1), np.nan, "f4"), 44100, subtype="FLOAT")


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (write_empty, "empty file"),
        (write_noise, "cannot be read as audio"),
        (write_no_samples, "no sample"),
        (write_silence, "silent"),
        (write_a_blink, "too short"),
        (write_surround, "6 channels"),
        (write_minutes, r"too long: 10 minutes, and at most 10|too long"),
        (write_not_numbers, "not numbers"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_cannot_be_started_from_is_refused(studio, write, said):
    path = studio.folder / "source.wav"
    write(path)
    with pytest.raises(BadRequest, match=said):
        read_source(str(path), studio.store)


@pytest.mark.parametrize("name", ["nothing", "/nowhere/a.wav", "20260101-000000-a-1", "a\0b", ".."])
def test_what_is_not_there_is_said(studio, name):
    with pytest.raises(BadRequest, match="no clip and no file"):
        read_source(name, studio.store)


def test_a_wav_cut_off_in_its_middle_is_what_is_left_of_it(studio):
    path = studio.folder / "cut.wav"
    soundfile.write(path, tune(2.0), 44100)
    path.write_bytes(path.read_bytes()[: 44100 * 2])
    assert read_source(str(path), studio.store).seconds == pytest.approx(1.0, abs=0.01)
