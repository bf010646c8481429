"""Trains the MAGNeT network with the paper's objective (arXiv 2401.04577, section 3).

In a step one codebook is learnt: the codebooks before it are given, spans of its own codes are
masked at a rate drawn from the cosine schedule, the codebooks after it are all masked.

In a share of the steps the same weights learn to be their own autoregressive companion instead: no
frame sees a later one, and all codebooks are predicted in the delay pattern.
"""

from __future__ import annotations

import copy
import math
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from osc_server.magnet.attention import NoPast
from osc_server.magnet.conditioning import HashedTextConditioner
from osc_server.magnet.delay_pattern import delayed_inputs
from osc_server.magnet.spec import NetworkSpec
from osc_server.magnet.transformer import MagnetTransformer
from osc_server.training import checkpoint
from osc_server.training.codec_training import Report, learning_rate
from osc_server.training.network_data import Batch, CodeBank
from osc_server.training.sizes import Size

STAGE_WEIGHTS = (0.4, 0.25, 0.2, 0.15)
CAUSAL_SHARE = 0.2
PARTIAL_SHARE = 0.5
"""Of the causal steps: those in which only the first codebooks are known, as when it rescores."""
SPAN_FRAMES = 3
TEXT_DROPOUT = 0.15
BEAT_DROPOUT = 0.08
EMA_DECAY = 0.999


class Learner(nn.Module):
    """Network and conditioner together: what is trained, averaged and saved."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        shape, codec = size.network, size.codec
        spec = NetworkSpec(
            dim=shape.dim,
            n_heads=shape.n_heads,
            n_layers=shape.n_layers,
            codebook_size=codec.codebook_size,
            n_codebooks=codec.n_codebooks,
            text_dim=shape.text_dim,
        )
        self.network = MagnetTransformer(spec)
        self.conditioner = HashedTextConditioner(shape.text_dim)
        # Codes and words as loud as the positions they are added to, so that they are heard early.
        for module in (*self.network.emb, self.conditioner):
            for name, weight in module.named_parameters():
                if name != "position_emb.weight":
                    nn.init.normal_(weight, std=0.3)


class NetworkTraining:
    """A learner, its average and its optimiser, resumable at any saved step."""

    def __init__(self, size: Size, bank: CodeBank, path: Path) -> None:
        self.size, self.bank, self.path = size, bank, path
        torch.manual_seed(size.seed)
        self.device = bank.codes.device
        self.learner = Learner(size).to(self.device)
        self.average = copy.deepcopy(self.learner).requires_grad_(False)
        self.optimiser = torch.optim.AdamW(
            self.learner.parameters(), lr=size.network_rate, betas=(0.9, 0.98), weight_decay=0.03
        )
        self.step = 0

    def begin_from(self, network: MagnetTransformer, conditioner: HashedTextConditioner) -> None:
        """Begin from trained weights of the same shape instead of random ones."""
        for learner in (self.learner, self.average):
            learner.network.load_state_dict(network.state_dict())
            learner.conditioner.load_state_dict(conditioner.state_dict())

    def restore(self) -> None:
        """Go on from the last checkpoint, if there is one."""
        saved = checkpoint.load(self.path, self.device)
        if saved is not None:
            self.learner.load_state_dict(saved["learner"])
            self.average.load_state_dict(saved["average"])
            self.optimiser.load_state_dict(saved["optimiser"])
            self.step = saved["step"]

    def save(self) -> None:
        """Write everything that ``restore`` needs."""
        content = {
            "learner": self.learner.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
        }
        checkpoint.save(self.path, content)

    def run(self, report: Report) -> Learner:
        """Train to the end; returns the averaged weights."""
        recent: dict[str, list[Tensor]] = {}
        while self.step < self.size.network_steps:
            task, loss = self._train_step()
            recent.setdefault(task, []).append(loss)
            self.step += 1
            last = self.step == self.size.network_steps
            if self.step % 50 == 0 or last:
                means = {k: float(torch.stack(v).mean()) for k, v in sorted(recent.items())}
                report(self.step, means)
                recent.clear()
            if self.step % self.size.save_every == 0 or last:
                self.save()
        return self.average.eval()

    def _train_step(self) -> tuple[str, Tensor]:
        rng = np.random.default_rng((self.size.seed, self.step))
        batch = self.bank.batch(self.size.network_batch, rng)
        stage = int(rng.choice(len(STAGE_WEIGHTS), p=STAGE_WEIGHTS))
        causal = rng.random() < CAUSAL_SHARE
        size = self.size
        rate = learning_rate(self.step, size.network_steps, warmup=size.network_warmup)
        self.optimiser.param_groups[0]["lr"] = size.network_rate * rate
        if causal:
            loss = causal_loss(self.learner, batch, rng)
        else:
            loss = stage_loss(self.learner, batch, stage, rng)
        self.optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self.learner.parameters(), 1.0)
        self.optimiser.step()
        # A young average follows closely, so that an early stop has usable weights too.
        decay = min(EMA_DECAY, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            averaged, fresh = self.average.parameters(), self.learner.parameters()
            torch._foreach_lerp_(list(averaged), list(fresh), 1 - decay)
        return "causal" if causal else f"codebook {stage + 1}", loss.detach()


def stage_loss(learner: Learner, batch: Batch, stage: int, rng: np.random.Generator) -> Tensor:
    """Cross-entropy of the masked codes of one codebook, in nats."""
    codes, device = batch.codes, batch.codes.device
    n_items, _, n_frames = codes.shape
    masked = torch.from_numpy(span_mask(n_items, n_frames, rng)).to(device)
    inputs = codes.clone()
    inputs[:, stage + 1 :] = learner.network.spec.mask_token
    inputs[:, stage] = torch.where(masked, learner.network.spec.mask_token, codes[:, stage])
    captions, beat = _conditions(batch, rng)
    with torch.autocast(device.type, torch.bfloat16):
        text = learner.conditioner(captions)
        logits = learner.network(inputs, stage, text.states, text.mask, beat)
    return functional.cross_entropy(logits[masked].float(), codes[:, stage][masked])


def causal_loss(learner: Learner, batch: Batch, rng: np.random.Generator) -> Tensor:
    """Cross-entropy of the next codes, in nats a code, mean over the codebooks that are known."""
    spec = learner.network.spec
    partial = rng.random() < PARTIAL_SHARE
    n_known = int(rng.integers(1, spec.n_codebooks)) if partial else spec.n_codebooks
    # The last steps reach past the crop, where no beat features are: fewer frames are learnt.
    codes = batch.codes[..., : batch.codes.shape[-1] - (spec.n_codebooks - 1)]
    delayed = delayed_inputs(codes, spec.mask_token, n_known)
    captions, beat = _conditions(batch, rng)
    network = learner.network
    with torch.autocast(codes.device.type, torch.bfloat16):
        text = learner.conditioner(captions)
        beat = network.causal_beat(delayed.inputs, beat)
        x = network.embed(delayed.inputs, network.frame_inputs(delayed.inputs.shape[-1], beat))
        memory = network.text_memory(text.states, text.mask)
        hidden = network.causal_hidden(x, memory, NoPast())
        losses = []
        for k in range(n_known):
            logits = network.head(hidden[:, k : k + codes.shape[-1]], k).float()
            losses.append(functional.cross_entropy(logits.flatten(0, 1), codes[:, k].flatten()))
    return torch.stack(losses).mean()


def _conditions(batch: Batch, rng: np.random.Generator) -> tuple[list[str], Tensor]:
    """Captions and beat features, each left out for some items."""
    n_items = len(batch.captions)
    without_text = rng.random(n_items) < TEXT_DROPOUT
    captions = [
        "" if drop else text for drop, text in zip(without_text, batch.captions, strict=True)
    ]
    with_beat = torch.from_numpy(rng.random(n_items) >= BEAT_DROPOUT).to(batch.beat.device)
    return captions, batch.beat * with_beat[:, None, None]


def span_mask(n_items: int, n_frames: int, rng: np.random.Generator) -> np.ndarray:
    """Which frames are masked, bool ``[B, T]``: whole spans, at a cosine-distributed rate.

    Spans start at a random offset, so that every alignment of spans is learnt.
    """
    rates = np.cos(rng.random(n_items) * math.pi / 2)
    n_spans = -(-n_frames // SPAN_FRAMES) + 1
    order = rng.random((n_items, n_spans)).argsort(axis=1).argsort(axis=1)
    counts = np.maximum(1, np.round(rates * n_spans)).astype(int)
    spans = order < counts[:, None]
    frames = np.repeat(spans, SPAN_FRAMES, axis=1)
    offset = rng.integers(SPAN_FRAMES)
    mask = frames[:, offset : offset + n_frames]
    mask[~mask.any(axis=1), : SPAN_FRAMES - offset] = True
    return np.ascontiguousarray(mask)
