"""Muon for the hidden matrices and Adam for the rest, over f32 masters of bf16 weights.

Muon (Keller Jordan, 2024, https://kellerjordan.github.io/posts/muon/) moves a matrix along its
momentum with all singular values brought near one by a Newton–Schulz iteration.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

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


PEAK = Rates(matrices=0.02, embedding=0.02, norms=0.003)


class Optimizer:
    """Updates a model's parameters from `gradients`; `state` is all that resuming needs.

    The gradients are f32 views of one `flat` vector, into which steps add: bf16 sums over many
    batches would lose the small ones, and processes average them in one message.
    """

    def __init__(self, model: nn.Module, rounding: Callable[[Tensor], Tensor] = lambda weight: weight):
        self.named = dict(model.named_parameters())
        self.rounding = rounding
        self.step_count = 0
        self.masters = {name: p.detach().float().clone() for name, p in self.named.items()}
        self.momentum = {name: torch.zeros_like(w) for name, w in self.masters.items()}
        self.square = {
            name: torch.zeros_like(w) for name, w in self.masters.items() if not is_matrix(name, w)
        }
        sizes = [weight.numel() for weight in self.masters.values()]
        self.flat = torch.zeros(sum(sizes), device=next(model.parameters()).device)
        views = zip(self.masters.items(), self.flat.split(sizes))
        self.gradients = {name: view.view_as(weight) for (name, weight), view in views}

    @torch.no_grad()
    def collect(self) -> None:
        """Move what autograd left at the parameters into `gradients`."""
        for name, parameter in self.named.items():
            self.gradients[name].add_(parameter.grad)
            parameter.grad = None

    @torch.no_grad()
    def step(self, share: float) -> float:
        """One update at `share` of the peak rates; clears the gradients and returns their norm."""
        norm = self.flat.norm().item()
        self.flat.mul_(min(1.0, MAX_GRADIENT_NORM / (norm + 1e-12)))
        rates = Rates(*(share * rate for rate in PEAK))
        self.step_count += 1
        for name, master in self.masters.items():
            self.update(name, master, self.gradients[name], rates)
        self.flat.zero_()
        self.show()
        return norm

    def update(self, name: str, master: Tensor, gradient: Tensor, rates: Rates) -> None:
        if is_matrix(name, master):
            master.mul_(1 - rates.matrices * MUON_DECAY)
            master.add_(self.muon(name, gradient), alpha=-rates.matrices)
        else:
            rate = rates.embedding if name.startswith("embedding") else rates.norms
            master.add_(self.adam(name, gradient), alpha=-rate)

    def muon(self, name: str, gradient: Tensor) -> Tensor:
        momentum = self.momentum[name].lerp_(gradient, 1 - MUON_MOMENTUM)
        nesterov = gradient.lerp(momentum, MUON_MOMENTUM)
        n_out, n_in = gradient.shape
        return orthogonalized(nesterov) * max(1.0, n_out / n_in) ** 0.5

    def adam(self, name: str, gradient: Tensor) -> Tensor:
        first, second = ADAM_BETAS
        mean = self.momentum[name].lerp_(gradient, 1 - first)
        square = self.square[name].lerp_(gradient.square(), 1 - second)
        mean = mean / (1 - first**self.step_count)
        square = square / (1 - second**self.step_count)
        return mean / (square.sqrt() + ADAM_EPS)

    @torch.no_grad()
    def show(self) -> None:
        """Give the model the masters' values, as the file that is exported would round them.

        The gradient at the rounded weights moves the exact ones: that is the straight-through
        estimator (arXiv 1308.3432), without a change to the model.
        """
        for name, parameter in self.named.items():
            master = self.masters[name]
            parameter.copy_(self.rounding(master) if master.ndim == 2 else master)

    def state(self) -> dict:
        """Everything that `load` needs to go on exactly."""
        names = ("step_count", "masters", "momentum", "square")
        return {name: getattr(self, name) for name in names}

    @torch.no_grad()
    def load(self, state: dict) -> None:
        """Take over a saved state, and its weights into the model."""
        self.step_count = state["step_count"]
        for kind in ("masters", "momentum", "square"):
            for name, value in getattr(self, kind).items():
                value.copy_(state[kind][name])
        self.show()


def is_matrix(name: str, weight: Tensor) -> bool:
    """Whether Muon takes a parameter: the hidden matrices, not the embedding or the norms."""
    return weight.ndim == 2 and not name.startswith("embedding")


def orthogonalized(matrix: Tensor) -> Tensor:
    """The nearest semi-orthogonal matrix, roughly: singular values end in about [0.7, 1.2]."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrix.bfloat16()
    tall = x.shape[0] > x.shape[1]
    x = x.mT if tall else x
    x = x / (x.norm() + 1e-7)
    for _ in range(NEWTON_SCHULZ_STEPS):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.mT if tall else x).float()
