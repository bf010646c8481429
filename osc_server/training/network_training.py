"""Trains the MAGNeT network with the paper's objective (arXiv 2401.04577, section 3).

In a step one codebook is learnt: the codebooks before it are given, spans of its own codes are
masked at a rate drawn from the cosine schedule, the codebooks after it are all masked.
"""

from __future__ import annotations

import copy
import math
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from osc_server.magnet.conditioning import HashedTextConditioner
from osc_server.magnet.spec import NetworkSpec
from osc_server.magnet.transformer import MagnetTransformer
from osc_server.training import checkpoint
from osc_server.training.codec_training import Report, learning_rate
from osc_server.training.network_data import Batch, CodeBank
from osc_server.training.sizes import Size

STAGE_WEIGHTS = (0.4, 0.25, 0.2, 0.15)
SPAN_FRAMES = 3
TEXT_DROPOUT = 0.15
BEAT_DROPOUT = 0.08
LEARNING_RATE = 1.5e-3
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
            self.learner.parameters(), lr=LEARNING_RATE, betas=(0.9, 0.98), weight_decay=0.03
        )
        self.step = 0

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
        recent: dict[int, list[Tensor]] = {}
        while self.step < self.size.network_steps:
            stage, loss = self._train_step()
            recent.setdefault(stage, []).append(loss)
            self.step += 1
            last = self.step == self.size.network_steps
            if self.step % 50 == 0 or last:
                means = {f"codebook {k + 1}": v for k, v in sorted(recent.items())}
                report(self.step, {k: float(torch.stack(v).mean()) for k, v in means.items()})
                recent.clear()
            if self.step % self.size.save_every == 0 or last:
                self.save()
        return self.average.eval()

    def _train_step(self) -> tuple[int, Tensor]:
        rng = np.random.default_rng((self.size.seed, self.step))
        batch = self.bank.batch(self.size.network_batch, rng)
        stage = int(rng.choice(len(STAGE_WEIGHTS), p=STAGE_WEIGHTS))
        rate = LEARNING_RATE * learning_rate(self.step, self.size.network_steps, warmup=400)
        self.optimiser.param_groups[0]["lr"] = rate
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
        return stage, loss.detach()


def stage_loss(learner: Learner, batch: Batch, stage: int, rng: np.random.Generator) -> Tensor:
    """Cross-entropy of the masked codes of one codebook, in nats."""
    codes, device = batch.codes, batch.codes.device
    n_items, _, n_frames = codes.shape
    masked = torch.from_numpy(span_mask(n_items, n_frames, rng)).to(device)
    inputs = codes.clone()
    inputs[:, stage + 1 :] = learner.network.spec.mask_token
    inputs[:, stage] = torch.where(masked, learner.network.spec.mask_token, codes[:, stage])
    without_text = rng.random(n_items) < TEXT_DROPOUT
    captions = [
        "" if drop else text for drop, text in zip(without_text, batch.captions, strict=True)
    ]
    with_beat = torch.from_numpy(rng.random(n_items) >= BEAT_DROPOUT).to(device)
    with torch.autocast(device.type, torch.bfloat16):
        text = learner.conditioner(captions)
        beat = batch.beat * with_beat[:, None, None]
        logits = learner.network(inputs, stage, text.states, text.mask, beat)
    return functional.cross_entropy(logits[masked].float(), codes[:, stage][masked])


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
