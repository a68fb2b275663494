"""A model with its optimizer and counters, on one process or several."""

import ctypes
import sys
from dataclasses import asdict
from typing import NamedTuple

import threads  # isort: skip

import numpy as np
import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn

from held_out import in_answer, padding
from model import Config, Qwen3
from muon import Optimizer
from schedule import Step

# What one pass through the model takes (a step adds several), and its logits: they are 8,192 wide,
# and 1,024 tokens of them stay in a processor's cache. A graphics processor wants few, large calls.
TOKENS_AT_ONCE = {"cpu": 4096, "cuda": 32768}
TOKENS_A_HEAD = {"cpu": 1024, "cuda": 32768}


class Figures(NamedTuple):
    """What came of a step: nats a token, the gradient's norm, whether a process wants to stop."""

    loss: float
    norm: float
    stop: bool


class Trainer:
    """Weights in bf16 with f32 masters; every process holds the same after every step."""

    def __init__(self, config: Config, seed: int, compiled: bool = True):
        torch.manual_seed(seed)
        keep_freed_memory()
        self.config, self.seed = config, seed
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.model = in_bf16(Qwen3(config)).to(self.device)
        self.optimizer = Optimizer(self.model, compiled)
        self.body = torch.compile(self.model, dynamic=False) if compiled else self.model
        self.head = torch.compile(head_losses, dynamic=False) if compiled else head_losses
        many = dist.is_initialized()
        self.rank, self.n_ranks = (dist.get_rank(), dist.get_world_size()) if many else (0, 1)
        self.steps = 0
        self.tokens = 0
        self.seconds = 0.0

    def step(self, ids: np.ndarray, step: Step, seconds: float = 0.0, stop: bool = False) -> Figures:
        """One update from rows [n_rows, length + 1], which took `seconds` to come by."""
        ids = torch.from_numpy(said_twice(ids, step.repeat, (self.seed, self.steps)))
        mine = ids[self.rank :: self.n_ranks].to(self.device)
        sums = torch.tensor([0, 0, 0, seconds / self.n_ranks, float(stop)], device=self.device)
        for part in mine.split(max(1, TOKENS_AT_ONCE[self.device.type] // step.length)):
            sums[:3] += self.accumulate(part, step.answer_weight)
        self.summed(sums)
        self.summed(self.optimizer.gradients.all).div_(sums[0].clamp(min=1.0))
        norm = self.optimizer.step(step.rate)
        # Nothing above waits for the device.
        _, loss, count, seconds, stop = sums.tolist()
        self.steps += 1
        self.tokens += int(count)
        self.seconds += seconds
        return Figures(loss / max(count, 1.0), norm.item(), stop > 0)

    def accumulate(self, ids: Tensor, answer_weight: float) -> Tensor:
        """Add the gradients of the weighted losses' sum; sums of the weights, losses and tokens.

        The pass is cut at the embedding and before the logits: the embedding's rows are added in
        f32 and in a fixed order, and the logits never exist for more than a part of the tokens.
        """
        table = self.model.embedding.weight
        x = F.embedding(ids[:, :-1], table.detach()).requires_grad_()
        hidden = self.body(x)
        leaf = hidden.detach().flatten(0, 1).requires_grad_()
        weights, targets = token_weights(ids, answer_weight).flatten(), ids[:, 1:].flatten()
        losses = []
        n_tokens = TOKENS_A_HEAD[self.device.type]
        for part in zip(*(whole.split(n_tokens) for whole in (leaf, targets, weights))):
            weighted, loss = self.head(table, *part)
            weighted.backward()
            losses.append(loss)
        hidden.backward(leaf.grad.view_as(hidden))
        self.optimizer.collect()
        rows = self.optimizer.gradients.named["embedding.weight"]
        rows.index_add_(0, ids[:, :-1].flatten(), x.grad.flatten(0, 1).float())
        counted = weights > 0
        return torch.stack((weights.sum(), (torch.cat(losses) * counted).sum(), counted.sum()))

    def summed(self, values: Tensor) -> Tensor:
        """The sum over all processes, in place."""
        if self.n_ranks > 1:
            dist.all_reduce(values)
        return values

    def state(self) -> dict:
        """Everything that `load` needs to go on exactly, but the place in the stream."""
        names = ("seed", "steps", "tokens", "seconds")
        counters = {name: getattr(self, name) for name in names}
        return {"config": asdict(self.config), **counters, "optimizer": self.optimizer.state()}

    @classmethod
    def load(cls, state: dict, compiled: bool = True) -> "Trainer":
        """The trainer that `state` describes."""
        trainer = cls(Config(**state["config"]), state["seed"], compiled)
        trainer.optimizer.load(state["optimizer"])
        for name in ("steps", "tokens", "seconds"):
            setattr(trainer, name, state[name])
        return trainer


def head_losses(table: Tensor, hidden: Tensor, targets: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """The weighted sum of the losses in nats, and each of them."""
    losses = F.cross_entropy(F.linear(hidden, table).float(), targets, reduction="none")
    return (losses * weights).sum(), losses.detach()


def token_weights(ids: Tensor, answer_weight: float) -> Tensor:
    """How much each next token counts, [rows, length]: nothing for padding, more in an answer."""
    weights = torch.where(in_answer(ids), answer_weight, 1.0)
    return weights.masked_fill(padding(ids), 0.0)


def said_twice(ids: np.ndarray, share: float, seed: tuple[int, int]) -> np.ndarray:
    """The rows, a share of which say their first half twice.

    Nothing but copying can foresee a second half like that: attention learns it much sooner than
    from ordinary text.
    """
    half = ids.shape[1] // 2
    chosen = np.random.default_rng(seed).random(len(ids)) < share
    ids = ids.copy()
    ids[chosen, half : 2 * half] = ids[chosen, :half]
    return ids


def in_bf16(model: nn.Module) -> nn.Module:
    """Make the parameters bf16 but leave the rotary tables, which need their digits."""
    for parameter in model.parameters():
        parameter.data = parameter.data.bfloat16()
    return model


def keep_freed_memory() -> None:
    """Have glibc keep what is freed: mapping each large buffer anew costs a sixth of the speed."""
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    if hasattr(libc, "mallopt"):
        m_trim_threshold, m_mmap_max = -1, -4
        libc.mallopt(m_mmap_max, 0)
        libc.mallopt(m_trim_threshold, 2**31 - 1)
