"""Words to states: the hashed conditioner of the embedded model, and T5 of the official ones."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from osc_server.contract.errors import ModelUnavailable
from osc_server.magnet.pretrained import find_folder, lacks, load_pretrained
from osc_server.magnet.protocols import TextStates
from osc_server.magnet.vocabulary import MAX_WORDS, Vocabulary, split_words

N_BUCKETS = 4096


class HashedTextConditioner(nn.Module):
    """Words by hashing: no table of words, no tokenizer, any word in any language has a state.

    The state of a word is the embedding of its hash, plus the mean of the embeddings of its hashed
    character trigrams, so that words never seen in training are near those spelt like them, plus a
    small embedding of its place. Case and punctuation are ignored; words after the first 32 too.

    Attributes:
        vocabulary: what training taught it; words that it does not hear (``Vocabulary.heard``) have
            no states. None = all are heard, as in training.
    """

    def __init__(self, dim: int = 128, n_buckets: int = N_BUCKETS) -> None:
        super().__init__()
        self.dim = dim
        self.n_buckets = n_buckets
        self.vocabulary: Vocabulary | None = None
        self.word_emb = nn.Embedding(n_buckets, dim)
        self.trigram_emb = nn.EmbeddingBag(n_buckets, dim, mode="mean")
        self.position_emb = nn.Embedding(MAX_WORDS, dim)
        if not self.word_emb.weight.is_meta:
            for weight, deviation in (
                (self.word_emb.weight, dim**-0.5),
                (self.trigram_emb.weight, dim**-0.5),
                (self.position_emb.weight, 0.1 * dim**-0.5),
            ):
                nn.init.normal_(weight, std=deviation)

    def forward(self, texts: Sequence[str]) -> TextStates:
        """States ``[B, L, dim]`` of a batch of texts, L = most words in one of them, at least 1.

        A text of which no word is heard is the null condition.
        """
        words = [self._words(text) for text in texts]
        device = self.word_emb.weight.device
        n_words = torch.tensor([len(line) for line in words], device=device)
        places = torch.arange(max(1, *map(len, words)), device=device)
        mask = places < n_words[:, None]
        flat = [word for line in words for word in line]
        states = torch.zeros(*mask.shape, self.dim, device=device, dtype=self.word_emb.weight.dtype)
        if flat:
            found = self._word_states(flat) + self.position_emb(places.expand_as(mask)[mask])
            states = states.index_put((mask,), found)
        return TextStates(states, mask)

    def _words(self, text: str) -> list[str]:
        heard = split_words(text) if self.vocabulary is None else self.vocabulary.heard(text)
        return heard[:MAX_WORDS]

    def _word_states(self, words: list[str]) -> Tensor:
        device = self.word_emb.weight.device
        hashed = [hashed_pieces(word, self.n_buckets) for word in words]
        buckets = torch.tensor([bucket for bucket, _ in hashed], device=device)
        starts = torch.tensor([0, *(len(pieces) for _, pieces in hashed)], device=device)
        pieces = torch.tensor([piece for _, pieces in hashed for piece in pieces], device=device)
        states: Tensor = self.word_emb(buckets) + self.trigram_emb(pieces, starts.cumsum(0)[:-1])
        return states


@lru_cache(maxsize=1 << 16)
def hashed_pieces(word: str, n_buckets: int) -> tuple[int, tuple[int, ...]]:
    """Buckets of a word and of its trigrams; training asks for the same few thousand words."""

    def bucket(piece: str) -> int:
        # crc32, not hash(): the latter differs from one process to the next.
        return zlib.crc32(piece.encode()) % n_buckets

    return bucket(word), tuple(bucket(trigram) for trigram in _trigrams(word))


class T5Conditioner:
    """States of a T5 encoder, as the official checkpoints were trained with.

    Each text is encoded alone, so that its states do not depend on what else is in the batch.
    """

    def __init__(self, tokenizer: Any, encoder: Any) -> None:  # noqa: ANN401  (transformers is untyped)
        self._tokenizer = tokenizer
        self._encoder = encoder
        self.dim: int = encoder.config.d_model

    @classmethod
    def load(cls, name: str, models_folder: Path, device: torch.device) -> T5Conditioner:
        """Load from the models folder, never from the network.

        Args:
            name: what the checkpoint calls its encoder, such as ``t5-base``.
            models_folder: where it is looked for, under that name or the name's last part.
            device: where it computes.

        Raises:
            ModelUnavailable: it is not there, or cannot be read.
        """
        folder = find_folder(name, models_folder)
        if folder is None:
            raise ModelUnavailable(lacks("text encoder", name, models_folder))
        from transformers import AutoTokenizer, T5EncoderModel  # slow to import

        encoder = load_pretrained(T5EncoderModel, folder, "text encoder")
        try:
            tokenizer = AutoTokenizer.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
        except (OSError, ValueError, ImportError, RuntimeError, LookupError, TypeError) as error:
            reason = " ".join(str(error).split())[:300]
            raise ModelUnavailable(f"the words of {folder} cannot be read: {reason}") from error
        return cls(tokenizer, encoder.to(device, torch.float32))

    @torch.inference_mode()
    def __call__(self, texts: Sequence[str]) -> TextStates:
        """States ``[B, L, dim]``; an empty text has none and is the null condition."""
        states = [self._encode(text) for text in texts]
        n_tokens = [line.shape[0] for line in states]
        padded = nn.utils.rnn.pad_sequence(states, batch_first=True)
        places = torch.arange(padded.shape[1], device=padded.device)
        return TextStates(padded, places < torch.tensor(n_tokens, device=padded.device)[:, None])

    def _encode(self, text: str) -> Tensor:
        device = self._encoder.device
        if not text.strip():
            return torch.zeros(0, self.dim, device=device)
        ids = self._tokenizer([text], return_tensors="pt").to(device)
        states: Tensor = self._encoder(**ids).last_hidden_state[0]
        return states


def _trigrams(word: str) -> list[str]:
    framed = f"<{word}>"
    return [framed[i : i + 3] for i in range(len(framed) - 2)]
