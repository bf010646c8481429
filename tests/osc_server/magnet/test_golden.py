"""We agree with the reference implementation: texts, logits, codec, and codes token for token."""

import copy

import pytest
import torch
from torch import Tensor

from osc_server.magnet.decoding import DecodeJob, Decoder
from osc_server.magnet.packed import can_pack, pack
from osc_server.magnet.transformer import MagnetTransformer
from osc_server.rendering.plan import Decoding
from tests.osc_server.magnet.conftest import Golden
from tests.osc_server.magnet.reference.draws import ReferenceDraws

CASES = ("argmax", "topp", "stride1", "prompt")


def decode_case(golden: Golden, case: str, network: MagnetTransformer) -> Tensor:
    info = golden.info(case)
    params = info["params"]
    shape = golden.tensor(f"gen/{case}/tokens").shape
    keep = torch.zeros(shape, dtype=torch.bool)
    given = torch.zeros(shape, dtype=torch.long)
    if n_given := info["prompt_len"]:
        keep[..., :n_given] = True
        given[..., :n_given] = golden.tensor(f"gen/{case}/prompt")
    decoding = Decoding(
        temperature=params["temperature"],
        top_p=params["top_p"],
        top_k=params["top_k"],
        guidance_max=params["max_cfg_coef"],
        guidance_min=params["min_cfg_coef"],
        steps=tuple(params["decoding_steps"]),
        span=params["span_arrangement"],
        greedy=not params["use_sampling"],
    )
    job = DecodeJob(
        text=golden.model.conditioner(info["texts"]),
        beat=None,
        given=given,
        keep=keep,
        decoding=decoding,
        draws=ReferenceDraws(info["seed"], shape[-1], decoding),
    )
    return Decoder(network, golden.model.span).decode(job, lambda done, n_steps: None).codes


@pytest.mark.parametrize("case", CASES)
def test_decoding_gives_the_same_codes(golden: Golden, case: str) -> None:
    codes = decode_case(golden, case, golden.model.network)
    assert torch.equal(codes, golden.tensor(f"gen/{case}/tokens"))


@pytest.mark.skipif(not can_pack(), reason="this build of torch has no oneDNN")
@pytest.mark.parametrize("case", CASES)
def test_layers_packed_for_speed_change_no_code(golden: Golden, case: str) -> None:
    network = copy.deepcopy(golden.model.network)
    pack(network, "float32")
    codes = decode_case(golden, case, network)
    assert torch.equal(codes, golden.tensor(f"gen/{case}/tokens"))


@pytest.mark.parametrize("stage", range(4))
def test_logits_agree_with_and_without_a_text(golden: Golden, stage: int) -> None:
    states = golden.tensor("cond/single/t5_hidden")
    mask = golden.tensor("cond/single/mask").bool()
    codes = golden.tensor(f"logits/tokens_s{stage}")
    logits = golden.model.network(codes, stage, states, mask)
    torch.testing.assert_close(logits, golden.tensor(f"logits/s{stage}"), atol=1e-4, rtol=0)


def test_text_states_agree(golden: Golden) -> None:
    text = golden.info("topp")["texts"][0]
    states = golden.model.conditioner([text, ""])
    wanted = golden.tensor("cond/single/t5_hidden")[0]
    torch.testing.assert_close(states.states[0], wanted, atol=1e-5, rtol=0)
    assert states.mask.sum(dim=1).tolist() == [len(wanted), 0]


def test_codec_gives_the_same_codes(golden: Golden) -> None:
    codes = golden.model.codec.encode(golden.tensor("codec/wav")[:, 0])
    assert torch.equal(codes, golden.tensor("codec/codes"))


def test_codec_gives_the_same_audio(golden: Golden) -> None:
    audio = golden.model.codec.decode(golden.tensor("codec/codes"))
    torch.testing.assert_close(audio, golden.tensor("codec/audio")[:, 0], atol=1e-6, rtol=0)
