"""Muon for the hidden matrices and Adam for the rest, over f32 masters of bf16 weights.

Muon (Keller Jordan, 2024, https://kellerjordan.github.io/posts/muon/) moves a matrix along its
momentum with all singular values brought near one by a Newton–Schulz iteration.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from rounding import exact

MUON_MOMENTUM = 0.95
ADAM_BETAS = (0.9, 0.95)
ADAM_EPS = 1e-10
NEWTON_SCHULZ_STEPS = 5
MUON_DECAY = 0.1
MAX_GRADIENT_NORM = 1.0


class Rates(NamedTuple):
    """Learning rates by kind of parameter."""

    matrices: float
    embedding: float
    norms: float


MATRIX = "matrices"
KEPT = ("masters", "momentum", "square")

PEAK = Rates(matrices=0.02, embedding=0.02, norms=0.003)


class Flat:
    """An f32 number for each number of some parameters, in one vector, seen by name and by stack.

    Parameters of one kind and shape lie side by side, so that they are a tensor [n, …] that one
    call updates: a matrix at a time, a third of a small step went into starting operations.
    """

    def __init__(self, parameters: dict[str, Tensor]):
        kinds: dict[tuple, dict[str, Tensor]] = {}
        for name, parameter in parameters.items():
            kinds.setdefault((kind_of(name, parameter), tuple(parameter.shape)), {})[name] = parameter
        n_all = sum(parameter.numel() for parameter in parameters.values())
        self.all = torch.zeros(n_all, device=next(iter(parameters.values())).device)
        self.stacks, self.named = {}, {}
        rest = self.all
        for key, members in kinds.items():
            shape = (len(members), *key[1])
            part, rest = rest.split([math.prod(shape), rest.numel() - math.prod(shape)])
            self.stacks[key] = part.view(shape)
            self.named |= zip(members, self.stacks[key])


class Optimizer:
    """Updates a model's parameters from `gradients`; `state` is all that resuming needs.

    The gradients are f32 in one vector, into which steps add: bf16 sums over many batches would
    lose the small ones, and processes average them in one message.
    """

    def __init__(
        self,
        model: nn.Module,
        compiled: bool = False,
    ):
        self.named = dict(model.named_parameters())
        self.rounding = exact
        self.step_count = 0
        self.masters, self.momentum, self.gradients = (Flat(self.named) for _ in range(3))
        self.square = Flat({name: p for name, p in self.named.items() if kind_of(name, p) != MATRIX})
        for name, parameter in self.named.items():
            self.masters.named[name].copy_(parameter.detach())
        self.muon, self.adam = (
            torch.compile(f, dynamic=False) if compiled else f for f in (muon_update, adam_update)
        )

    @torch.no_grad()
    def collect(self) -> None:
        """Move what autograd left at the parameters into `gradients`."""
        for name, parameter in self.named.items():
            self.gradients.named[name].add_(parameter.grad)
            parameter.grad = None

    @torch.no_grad()
    def step(self, share: float) -> Tensor:
        """One update at `share` of the peak rates; clears the gradients and returns their norm."""
        norm = self.gradients.all.norm()
        self.gradients.all.mul_((MAX_GRADIENT_NORM / (norm + 1e-12)).clamp(max=1.0))
        self.step_count += 1
        for key, masters in self.masters.stacks.items():
            self.update(key, masters, share * getattr(PEAK, key[0]))
        self.gradients.all.zero_()
        self.show()
        return norm

    def update(self, key: tuple, masters: Tensor, rate: float) -> None:
        momentum, gradients = self.momentum.stacks[key], self.gradients.stacks[key]
        # Numbers that change go in as tensors, for which nothing is compiled anew.
        if key[0] == MATRIX:
            self.muon(masters, momentum, gradients, torch.tensor(rate))
        else:
            seen = torch.tensor([1 - beta**self.step_count for beta in ADAM_BETAS])
            self.adam(masters, momentum, self.square.stacks[key], gradients, torch.tensor(rate), seen)

    def round_as(self, rounding: Callable[[Tensor], Tensor]) -> None:
        """From now on the model has its masters' values rounded like this."""
        self.rounding = rounding
        self.show()

    @torch.no_grad()
    def show(self) -> None:
        """Give the model the masters' values, as the file that is exported would round them.

        The gradient at the rounded weights moves the exact ones: that is the straight-through
        estimator (arXiv 1308.3432), without a change to the model.
        """
        for name, parameter in self.named.items():
            master = self.masters.named[name]
            parameter.copy_(self.rounding(master) if master.ndim == 2 else master)

    def state(self) -> dict:
        """Everything that `load` needs to go on exactly."""
        flats = {kind: dict(getattr(self, kind).named) for kind in KEPT}
        return {"step_count": self.step_count, **flats}

    @torch.no_grad()
    def load(self, state: dict) -> None:
        """Take over a saved state, and its weights into the model."""
        self.step_count = state["step_count"]
        for kind in KEPT:
            for name, value in getattr(self, kind).named.items():
                value.copy_(state[kind][name])
        self.show()


def muon_update(masters: Tensor, momentum: Tensor, gradients: Tensor, rate: Tensor) -> None:
    """Muon with Nesterov's momentum and decoupled weight decay on [n, n_out, n_in] matrices."""
    momentum.lerp_(gradients, 1 - MUON_MOMENTUM)
    n_out, n_in = gradients.shape[1:]
    update = orthogonalized(gradients.lerp(momentum, MUON_MOMENTUM)) * max(1.0, n_out / n_in) ** 0.5
    masters.mul_(1 - rate * MUON_DECAY).sub_(rate * update)


def adam_update(
    masters: Tensor, mean: Tensor, square: Tensor, gradients: Tensor, rate: Tensor, seen: Tensor
) -> None:
    """Adam (arXiv 1412.6980); `seen` is how much of each average the steps so far make up."""
    mean.lerp_(gradients, 1 - ADAM_BETAS[0])
    square.lerp_(gradients.square(), 1 - ADAM_BETAS[1])
    masters.sub_(rate * (mean / seen[0]) / ((square / seen[1]).sqrt() + ADAM_EPS))


def kind_of(name: str, weight: Tensor) -> str:
    """Which of `Rates` holds for a parameter: Muon takes the hidden matrices, Adam the rest."""
    if name.startswith("embedding"):
        return "embedding"
    return MATRIX if weight.ndim == 2 else "norms"


def orthogonalized(matrices: Tensor) -> Tensor:
    """The nearest semi-orthogonal matrices, roughly: singular values end in about [0.7, 1.2].

    [n, n_out, n_in] in and out.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = (x / (x.square().sum((1, 2), keepdim=True).sqrt() + 1e-7)).bfloat16()
    for _ in range(NEWTON_SCHULZ_STEPS):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.mT if tall else x).float()
