import numpy as np
import pytest
import torch

from model import Llama
from muon import orthogonalized
from tokenizer import ENDOFTEXT, FIM_MIDDLE
from train import COOLDOWN_SHARE, WARMUP_STEPS, Trainer, in_answer, phase_at, rate_at


def pieces(config, step):
    rng = np.random.default_rng(step)
    return [rng.integers(16, config.vocabulary, (2, 33))]


def test_a_resumed_run_is_the_same_run(config, tmp_path):
    whole = Trainer(config, seed=3, compiled=False)
    half = Trainer(config, seed=3, compiled=False)
    for step in range(4):
        whole.step(pieces(config, step), rate=1.0)
    for step in range(2):
        half.step(pieces(config, step), rate=1.0)
    half.save(tmp_path / "checkpoint.pt")
    resumed = Trainer.load(tmp_path / "checkpoint.pt", compiled=False)
    for step in range(2, 4):
        resumed.step(pieces(config, step), rate=1.0)
    assert resumed.counters() == whole.counters()
    for name, master in whole.optimizer.masters.items():
        assert torch.equal(master, resumed.optimizer.masters[name]), name


def test_a_repeated_sequence_is_learnt(config):
    trainer = Trainer(config, seed=0, compiled=False)
    first, _ = trainer.step(pieces(config, 0), rate=1.0)
    for _ in range(30):
        last, _ = trainer.step(pieces(config, 0), rate=1.0)
    assert last < first / 2


def test_padding_has_no_weight(config):
    trainer = Trainer(config, seed=0, compiled=False)
    ids = pieces(config, 0)[0]
    ids[:, 20:] = ENDOFTEXT
    trainer.step([ids], rate=1.0)
    assert trainer.tokens == 2 * 20


def test_attention_looks_back_only(config):
    model = Llama(config)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    ids = torch.randint(16, config.vocabulary, (1, 40))
    changed = ids.clone()
    changed[0, 30] = 17 if ids[0, 30] != 17 else 18
    before, after = model(ids), model(changed)
    assert torch.allclose(before[:, :30], after[:, :30], atol=1e-5)
    assert not torch.allclose(before[:, 30:], after[:, 30:], atol=1e-3)


@pytest.mark.parametrize("shape", [(64, 64), (96, 64), (64, 96)])
def test_muon_updates_have_singular_values_near_one(shape):
    torch.manual_seed(0)
    values = torch.linalg.svdvals(orthogonalized(torch.randn(shape)))
    # A square matrix may have one singular value too near zero to be lifted in five steps.
    assert values.quantile(0.1) > 0.6 and values.max() < 1.3


def test_the_rate_warms_up_and_cools_down():
    assert rate_at(0, 0.0) == 1 / WARMUP_STEPS
    assert rate_at(1000, 1 - COOLDOWN_SHARE) == 1.0
    assert rate_at(1000, 1 - COOLDOWN_SHARE / 2) == pytest.approx(0.5)
    assert rate_at(1000, 1.0) == 0.0
    assert [phase_at(share).length for share in (0.0, 0.5, 0.96)] == [256, 512, 1024]


def test_answers_are_found():
    ids = torch.tensor([[ENDOFTEXT, 20, FIM_MIDDLE, 21, 22, ENDOFTEXT, 23, FIM_MIDDLE, 24]])
    assert in_answer(ids)[0].tolist() == [False] * 2 + [True] * 3 + [False] * 2 + [True]
