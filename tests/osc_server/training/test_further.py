"""Going on from trained weights."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from osc_server.magnet.checkpoints import load_checkpoint
from osc_server.magnet.engine import EMBEDDED, find_model
from osc_server.training import checkpoint
from osc_server.training.corpus.revisions import draw
from osc_server.training.data import AudioBank
from osc_server.training.further import FURTHER, Further
from osc_server.training.network_data import CodeBank, encode_corpus, shares

CPU = torch.device("cpu")
N_CLIPS = 6
SIZE = replace(FURTHER, n_clips=N_CLIPS, network_steps=2, network_batch=1, save_every=1)


@pytest.fixture(scope="module")
def embedded():
    folder, _ = find_model(EMBEDDED, Path("models"))
    return load_checkpoint(folder, Path("models"), CPU, torch.float32)


@pytest.fixture(scope="module")
def trained(tmp_path_factory, embedded):
    run = Further(SIZE, tmp_path_factory.mktemp("further"), embedded, CPU)
    run.corpus(workers=1)
    run.codes()
    run.network()
    run.export()
    return run


def test_the_network_goes_on_from_where_it_was_and_all_else_stays(trained, embedded):
    after = load_checkpoint(trained.folder / EMBEDDED, Path("models"), CPU, torch.float32)
    before, moved = embedded.network.state_dict(), after.network.state_dict()
    distances = [float((moved[name] - before[name]).abs().max()) for name in before]
    assert max(distances) > 1e-6  # two steps at a low rate, and float16
    assert max(distances) < 0.05
    codec = after.codec.state_dict()
    assert all(torch.equal(codec[name], old) for name, old in embedded.codec.state_dict().items())
    assert (after.defaults, after.licence) == (embedded.defaults, embedded.licence)
    assert (after.companion, after.span) == (embedded.companion, embedded.span)
    assert after.vocabulary.words >= embedded.vocabulary.words
    assert after.vocabulary.pairs >= embedded.vocabulary.pairs
    assert after.vocabulary.synonyms == embedded.vocabulary.synonyms


def test_its_first_loss_is_that_of_trained_weights(trained, embedded):
    bank = CodeBank(trained.folder, N_CLIPS, CPU)
    batch = bank.batch(2, np.random.default_rng(0))
    text = embedded.conditioner(batch.captions)
    with torch.inference_mode():
        logits = embedded.network(batch.codes, 1, text.states, text.mask, batch.beat)
    told = torch.nn.functional.cross_entropy(logits.flatten(0, 1), batch.codes[:, 1].flatten())
    assert told < 5  # of 6.93: the codes are those that the network knows


def test_encoding_goes_on_where_it_was_stopped(trained, tmp_path):
    bank, codes = AudioBank(trained.folder, N_CLIPS, CPU), _codes(trained.folder)
    checkpoint.save(tmp_path / "codes.part.pt", {"codes": codes[:4]})
    told = []
    encode_corpus(trained.codec, bank, N_CLIPS, tmp_path, told.append)
    assert told == [N_CLIPS]  # the last two alone
    assert torch.equal(_codes(tmp_path), codes)
    assert not (tmp_path / "codes.part.pt").exists()


def test_other_models_are_refused(embedded):
    other = replace(embedded, conditioner=object())
    with pytest.raises(ValueError, match="trained here"):
        Further(SIZE, Path("nowhere"), other, CPU)


def test_what_is_rare_and_what_is_asked_for_is_drawn_more_often():
    specs = [draw(seed) for seed in range(600)]
    kinds = [spec.parts[0].sound if spec.kind == "sfx" else spec.kind for spec in specs]

    def drawn(*how):
        found = Counter()
        for kind, share in zip(kinds, shares(specs, *how), strict=True):
            found[kind] += share
        assert sum(found.values()) == pytest.approx(1)
        return found

    as_they_come, evenly, more = drawn(0.0), drawn(1.0), drawn(0.0, ("riser",))
    assert as_they_come["drums"] == pytest.approx(kinds.count("drums") / len(kinds))
    rarest = min((spec.parts[0].sound for spec in specs if spec.kind == "sfx"), key=kinds.count)
    assert evenly[rarest] > 1.5 * as_they_come[rarest]
    assert more["riser"] / more["rain"] == pytest.approx(
        4 * as_they_come["riser"] / as_they_come["rain"]
    )


def test_a_sound_that_there_is_not_is_named():
    with pytest.raises(ValueError, match=r"no clip of rizer; there are: .*riser"):
        shares([draw(seed) for seed in range(600)], 0.0, ("rizer",))


def _codes(folder):
    return checkpoint.load(folder / "codes.pt", CPU)["codes"]
