"""Checkpoints to GGUF files that Inkling and llama.cpp read, and back."""

import os
from pathlib import Path

import gguf
import numpy as np
import torch
from torch import Tensor

from checkpoints import Checkpoints, read
from model import Config, Qwen3
from tokenizer import TextTokenizer, write_vocabulary
from work import parser

ARCHITECTURE = "qwen3"
TOKENS_SEEN = "inkling.training.tokens"

TYPES = {
    "f32": gguf.GGMLQuantizationType.F32,
    "f16": gguf.GGMLQuantizationType.F16,
    "q8_0": gguf.GGMLQuantizationType.Q8_0,
    "q4_0": gguf.GGMLQuantizationType.Q4_0,
}

FILE_TYPES = {
    "f32": gguf.LlamaFileType.ALL_F32,
    "f16": gguf.LlamaFileType.MOSTLY_F16,
    "q8_0": gguf.LlamaFileType.MOSTLY_Q8_0,
    "q4_0": gguf.LlamaFileType.MOSTLY_Q4_0,
}

# Names by `Qwen3`'s parameters; `{}` is the layer.
TENSOR_NAMES = {
    "embedding": "token_embd",
    "norm": "output_norm",
    "blocks.{}.attention_norm": "blk.{}.attn_norm",
    "blocks.{}.attention.query": "blk.{}.attn_q",
    "blocks.{}.attention.key": "blk.{}.attn_k",
    "blocks.{}.attention.value": "blk.{}.attn_v",
    "blocks.{}.attention.output": "blk.{}.attn_output",
    "blocks.{}.attention.query_norm": "blk.{}.attn_q_norm",
    "blocks.{}.attention.key_norm": "blk.{}.attn_k_norm",
    "blocks.{}.feed_forward_norm": "blk.{}.ffn_norm",
    "blocks.{}.feed_forward.gate": "blk.{}.ffn_gate",
    "blocks.{}.feed_forward.up": "blk.{}.ffn_up",
    "blocks.{}.feed_forward.down": "blk.{}.ffn_down",
}


def export(path: Path, state: dict, tokenizer: TextTokenizer, type_: str) -> None:
    """Write a checkpoint's weights to `path` in one step; matrices are of `type_`, norms F32."""
    config = Config(**state["config"])
    part = path.with_name(path.name + ".part")
    writer = gguf.GGUFWriter(part, ARCHITECTURE)
    writer.add_name("Inkling")
    writer.add_license("Apache-2.0")
    writer.add_uint64(TOKENS_SEEN, state["tokens"])
    writer.add_file_type(FILE_TYPES[type_])
    add_architecture(writer, config)
    write_vocabulary(writer, tokenizer)
    for name, weight in state["optimizer"]["masters"].items():
        kind = TYPES[type_] if weight.ndim == 2 else TYPES["f32"]
        add_tensor(writer, tensor_name(name), weight.float().numpy(), kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    os.replace(part, path)


def add_architecture(writer: gguf.GGUFWriter, config: Config) -> None:
    writer.add_context_length(config.context)
    writer.add_embedding_length(config.width)
    writer.add_block_count(config.layers)
    writer.add_feed_forward_length(config.hidden)
    writer.add_head_count(config.heads)
    writer.add_head_count_kv(config.kv_heads)
    writer.add_key_length(config.head_width)
    writer.add_value_length(config.head_width)
    writer.add_layer_norm_rms_eps(config.norm_eps)
    writer.add_rope_dimension_count(config.head_width)
    writer.add_rope_freq_base(config.rope_theta)


def add_tensor(
    writer: gguf.GGUFWriter, name: str, values: np.ndarray, kind: gguf.GGMLQuantizationType
) -> None:
    writer.add_tensor(name, gguf.quantize(values, kind), raw_dtype=kind)


def tensor_name(parameter: str) -> str:
    """GGUF's name of one of `Qwen3`'s parameters."""
    parts = parameter.split(".")
    layer = parts[1] if parts[0] == "blocks" else ""
    if layer:
        parts[1] = "{}"
    return TENSOR_NAMES[".".join(parts[:-1])].format(layer) + ".weight"


def read_gguf(path: Path) -> tuple[Config, dict[str, Tensor], int]:
    """A file's shape, its weights by `Qwen3`'s parameters, and the tokens it was trained on.

    A `llama` file is the same without the norms of queries and keys; it rotates neighbours where
    `qwen3` rotates halves, so the rows of each head are put in that order.
    """
    reader = gguf.GGUFReader(path)
    value = {name: field.contents() for name, field in reader.fields.items()}
    tensors = {
        tensor.name: torch.tensor(gguf.dequantize(tensor.data, tensor.tensor_type))
        for tensor in reader.tensors
    }
    config = read_config(value, qk_norm="blk.0.attn_q_norm.weight" in tensors)
    weights = {name: tensors[tensor_name(name)] for name, _ in Qwen3(config).named_parameters()}
    if value["general.architecture"] == "llama":
        for name in weights:
            if name.endswith(("query.weight", "key.weight")):
                weights[name] = halves_from_neighbours(weights[name], config.head_width)
    return config, weights, value.get(TOKENS_SEEN, 0)


def read_config(value: dict, qk_norm: bool) -> Config:
    def of(key: str):
        return value[f"{value['general.architecture']}.{key}"]

    return Config(
        vocabulary=len(value["tokenizer.ggml.tokens"]),
        width=of("embedding_length"),
        layers=of("block_count"),
        heads=of("attention.head_count"),
        kv_heads=of("attention.head_count_kv"),
        head_width=of("rope.dimension_count"),
        hidden=of("feed_forward_length"),
        context=of("context_length"),
        rope_theta=of("rope.freq_base"),
        norm_eps=of("attention.layer_norm_rms_epsilon"),
        qk_norm=qk_norm,
    )


def halves_from_neighbours(weight: Tensor, head_width: int) -> Tensor:
    return weight.unflatten(0, (-1, head_width // 2, 2)).transpose(1, 2).flatten(0, 2)


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--type", choices=TYPES, default="q8_0")
    arguments.add_argument("--checkpoint", type=Path, help="the newest of WORK by default")
    arguments.add_argument("--out", type=Path, required=True)
    args = arguments.parse_args()
    checkpoint = args.checkpoint or Checkpoints(args.work / "checkpoints").newest()
    if checkpoint is None:
        raise SystemExit(f"no checkpoint in {args.work / 'checkpoints'}")
    args.out.parent.mkdir(parents=True, exist_ok=True)
    export(args.out, read(checkpoint), TextTokenizer.load(args.work / "tokenizer.json"), args.type)
    print(f"{args.out}: {args.out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
