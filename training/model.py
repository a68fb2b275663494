"""The qwen3 architecture as GGUF means it, so that weights export without a change.

RMSNorm (arXiv 1910.07467), also on queries and keys (arXiv 2302.05442), rotary positions on the
two halves of a head (arXiv 2104.09864), grouped key-value heads (arXiv 2305.13245), SwiGLU
(arXiv 2002.05202), no biases, tied embedding.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


# The residual stream must go on telling tokens apart under what the blocks add, so embeddings
# start large, and the last norm small, because the tied embedding also makes the logits.
EMBEDDING_SCALE = 0.5
LOGIT_SCALE = 0.02


@dataclass(frozen=True)
class Config:
    """Sizes of a model; `context` is the length that its metadata declares."""

    vocabulary: int = 8192
    width: int = 320
    layers: int = 8
    heads: int = 6
    kv_heads: int = 2
    head_width: int = 64
    hidden: int = 896
    context: int = 2048
    rope_theta: float = 10_000.0
    norm_eps: float = 1e-6
    qk_norm: bool = True


class Qwen3(nn.Module):
    """Embedded tokens [batch, tokens, width] to what the tied embedding turns into logits.

    `embed` and the product with `embedding.weight` stand outside `forward`: training compiles
    the three apart, and takes the embedding's two gradients apart.
    """

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocabulary, config.width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = RMSNorm(config.width, config.norm_eps)
        angles = rotary_angles(config)
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)
        nn.init.normal_(self.embedding.weight, std=EMBEDDING_SCALE)
        nn.init.constant_(self.norm.weight, LOGIT_SCALE / EMBEDDING_SCALE)

    def forward(self, x: Tensor) -> Tensor:
        n_tokens = x.shape[1]
        cos, sin = self.cos[:n_tokens], self.sin[:n_tokens]
        for block in self.blocks:
            x = block(x, cos, sin)
        return self.norm(x)

    def logits(self, ids: Tensor) -> Tensor:
        """Token ids [batch, tokens] to logits [batch, tokens, vocabulary]."""
        return F.linear(self(self.embedding(ids)), self.embedding.weight)


class Block(nn.Module):
    """One layer: attention, then the feed-forward part, each added to what comes in."""

    def __init__(self, config: Config):
        super().__init__()
        self.attention_norm = RMSNorm(config.width, config.norm_eps)
        self.attention = Attention(config)
        self.feed_forward_norm = RMSNorm(config.width, config.norm_eps)
        self.feed_forward = FeedForward(config)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        x = x + self.attention(self.attention_norm(x), cos, sin)
        return x + self.feed_forward(self.feed_forward_norm(x))


class Attention(nn.Module):
    """Causal attention; each key-value head serves `heads / kv_heads` query heads in a row."""

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        query_width = config.heads * config.head_width
        kv_width = config.kv_heads * config.head_width
        self.query = linear(config.width, query_width)
        self.key = linear(config.width, kv_width)
        self.value = linear(config.width, kv_width)
        self.output = linear(query_width, config.width, zero=True)
        self.query_norm, self.key_norm = (
            RMSNorm(config.head_width, config.norm_eps) if config.qk_norm else nn.Identity()
            for _ in range(2)
        )

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        n_shared = self.config.heads // self.config.kv_heads
        query = rotate(self.query_norm(self.split(self.query(x))), cos, sin)
        key = rotate(self.key_norm(self.split(self.key(x))), cos, sin)
        key = key.repeat_interleave(n_shared, dim=1)
        value = self.split(self.value(x)).repeat_interleave(n_shared, dim=1)
        mixed = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        return self.output(mixed.transpose(1, 2).flatten(2))

    def split(self, x: Tensor) -> Tensor:
        """[batch, tokens, heads * head_width] → [batch, heads, tokens, head_width]."""
        return x.unflatten(2, (-1, self.config.head_width)).transpose(1, 2)


class FeedForward(nn.Module):
    """SwiGLU: down(silu(gate(x)) * up(x))."""

    def __init__(self, config: Config):
        super().__init__()
        self.gate = linear(config.width, config.hidden)
        self.up = linear(config.width, config.hidden)
        self.down = linear(config.hidden, config.width, zero=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(F.silu(self.gate(x)) * self.up(x))


class RMSNorm(nn.Module):
    """x / rms(x) * weight over the last dimension, computed in f32 whatever the weights' type."""

    def __init__(self, width: int, eps: float):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        wide = x.float()
        scale = torch.rsqrt(wide.square().mean(-1, keepdim=True) + self.eps)
        return (wide * scale).to(x.dtype) * self.weight


def linear(n_in: int, n_out: int, zero: bool = False) -> nn.Linear:
    """A matrix without bias; `zero` makes a block add nothing at the start of training."""
    layer = nn.Linear(n_in, n_out, bias=False)
    if zero:
        nn.init.zeros_(layer.weight)
    else:
        nn.init.normal_(layer.weight, std=n_in**-0.5)
    return layer


def rotary_angles(config: Config) -> Tensor:
    """Angle of each pair at each position: [context, head_width / 2]."""
    exponents = torch.arange(0, config.head_width, 2).float() / config.head_width
    return torch.outer(torch.arange(config.context).float(), config.rope_theta**-exponents)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn the pairs (i, i + head_width / 2) of each head by the angles of their position."""
    first, second = x.float().chunk(2, dim=-1)
    turned = torch.cat((first * cos - second * sin, first * sin + second * cos), dim=-1)
    return turned.to(x.dtype)
