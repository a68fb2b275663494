"""Weights as a GGUF file's quantization gives them back: blocks of 32 along a row, one f16 scale.

The same arithmetic as GGUF's reference quantizers, in torch, so that training sees the rounding.
"""

import torch
from torch import Tensor

BLOCK = 32


def exact(weight: Tensor) -> Tensor:
    return weight


def q8_0(weight: Tensor) -> Tensor:
    """Whole numbers of -127 to 127, times (the block's greatest magnitude) / 127."""
    blocks = weight.unflatten(-1, (-1, BLOCK))
    scale = blocks.abs().amax(-1, keepdim=True) / 127
    return (half_away(blocks * inverse(scale)) * as_f16(scale)).flatten(-2)


def q4_0(weight: Tensor) -> Tensor:
    """Whole numbers of -8 to 7, times (the block's value of greatest magnitude) / -8."""
    blocks = weight.unflatten(-1, (-1, BLOCK))
    largest = blocks.gather(-1, blocks.abs().argmax(-1, keepdim=True))
    scale = largest / -8
    levels = torch.floor(blocks * inverse(scale) + 8.5).clamp(0, 15) - 8
    return (levels * as_f16(scale)).flatten(-2)


def inverse(scale: Tensor) -> Tensor:
    return torch.where(scale == 0, 0.0, 1 / scale)


def as_f16(scale: Tensor) -> Tensor:
    return scale.half().float()


def half_away(values: Tensor) -> Tensor:
    """The nearest whole numbers; halves go away from zero, as in C."""
    return values.sign() * torch.floor(values.abs() + 0.5)


ROUNDINGS = {"f32": exact, "f16": exact, "q8_0": q8_0, "q4_0": q4_0}
