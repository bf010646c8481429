"""The embedded model's codec: shapes, placement in time, and what a wild code may do."""

import math

import pytest
import torch

from osc_server.magnet.partial_phases import advance
from osc_server.magnet.spectral_codec import CONTEXT_FRAMES, SpectralCodec, SpectralCodecSpec

SMALL = SpectralCodecSpec(
    latent_dim=16,
    encoder_dim=32,
    encoder_hidden=32,
    decoder_dim=32,
    decoder_hidden=32,
    decoder_layers=2,
    codebook_size=32,
)


@pytest.fixture
def codec():
    torch.manual_seed(0)
    codec = SpectralCodec(SMALL).eval()
    codec.quantizer.codebooks.normal_()
    return codec


@pytest.mark.parametrize("n_samples", [1, 639, 640, 641, 6400])
def test_every_started_frame_is_coded_and_decodes_to_whole_frames(codec, n_samples):
    codes = codec.encode(torch.zeros(2, n_samples))
    n_frames = -(-n_samples // 640)
    assert codes.shape == (2, 4, n_frames)
    assert codec.decode(codes).shape == (2, n_frames * 640)


def test_a_click_changes_only_the_codes_around_its_frame(codec):
    quiet = torch.zeros(1, 640 * 60)
    click = quiet.clone()
    click[0, 640 * 30 + 320] = 1.0
    changed = (codec.latents(quiet) != codec.latents(click)).any(-1)[0].nonzero()[:, 0]
    assert 30 in changed
    assert changed.min() >= 30 - CONTEXT_FRAMES
    assert changed.max() <= 30 + CONTEXT_FRAMES


def test_the_bright_part_of_a_frame_depends_on_no_code_further_than_the_context(codec):
    codes = torch.randint(32, (1, 4, 80), generator=torch.Generator().manual_seed(1))
    other = codes.clone()
    other[:, :, 40] = (other[:, :, 40] + 1) % 32
    one, two = (codec.synthesise(codec.quantizer.decode(each)).bright for each in (codes, other))
    changed = (one != two)[0].nonzero()[:, 0] // 640
    assert 40 in changed
    assert changed.min() >= 40 - CONTEXT_FRAMES
    assert changed.max() <= 40 + CONTEXT_FRAMES


def test_a_loop_is_decoded_without_a_jump_where_it_closes(codec):
    codes = torch.randint(32, (1, 4, 80), generator=torch.Generator().manual_seed(1))
    # As loud as the low part gets: random weights make it all but silent.
    codec.decoder.tonal_head.bias.data += 4
    around, line = (codec.decode(codes, circular=circular)[0] for circular in (True, False))

    def jump(audio):
        twice = torch.cat([audio, audio])
        steps = twice.diff().abs()
        return float(steps[len(audio) - 1] / steps.max())

    assert around.shape == line.shape
    assert jump(around) < 0.6 < 1.0 == jump(line)


def test_the_bright_part_of_a_loop_turns_with_its_codes(codec):
    codec.decoder.tonal_head.bias.data -= 100  # the low part is silent
    codes = torch.randint(32, (1, 4, 30), generator=torch.Generator().manual_seed(2))
    plain = codec.decode(codes, circular=True)
    turned = codec.decode(codes.roll(11, dims=-1), circular=True)
    torch.testing.assert_close(turned, plain.roll(11 * 640, dims=-1), atol=1e-4, rtol=0)


def test_a_held_tone_keeps_its_pitch_and_its_level(codec):
    hz = 55.0
    tone = 0.5 * torch.sin(2 * math.pi * hz * torch.arange(640 * 100) / 32000)[None]
    window = codec.tonal_window
    raw = codec.magnitudes(tone, window)[..., : SMALL.tonal_bins] * (window.sum() / 2)
    logs = (raw + 1e-6).log()
    low = codec._low(logs, advance(logs, SMALL.hop, SMALL.tonal_size))[0]
    middle = low[16000:48000]
    crossings = ((middle[:-1] < 0) & (middle[1:] >= 0)).sum()
    assert abs(float(crossings) - hz) <= 1
    assert float(middle.abs().max()) == pytest.approx(0.5, rel=0.05)


def test_the_first_codebooks_alone_can_be_decoded(codec):
    codes = codec.encode(torch.randn(1, 6400))
    assert codec.decode(codes[:, :1]).shape == (1, 6400)


def test_wild_magnitudes_are_clamped_and_stay_finite(codec):
    codec.decoder.head.bias.data += 1000
    audio = codec.decode(torch.zeros(1, 4, 10, dtype=torch.long))
    assert torch.isfinite(audio).all()


def test_overlapping_frames_add_up_to_what_was_cut():
    spec = SpectralCodecSpec()
    codec = SpectralCodec(spec)
    audio = torch.sin(torch.arange(0, 640 * 20) * 0.05)[None]
    margin = (spec.synthesis_size - spec.hop) // 2
    frames = torch.nn.functional.pad(audio, (margin, margin)).unfold(1, spec.synthesis_size, 320)
    window = codec.synthesis_window
    again = codec._overlap_add(frames * window, window)
    torch.testing.assert_close(again, audio, atol=1e-5, rtol=0)


def test_config_and_state_make_the_same_codec_again(codec):
    again = SpectralCodec.from_state(codec.config(), codec.state_dict())
    codes = codec.encode(torch.randn(1, 6400))
    assert torch.equal(again.decode(codes), codec.decode(codes))
