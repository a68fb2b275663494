"""Write a checkpoint and its tokenizer as one GGUF file that Inkling and llama.cpp read."""

import os
from pathlib import Path

import gguf
import numpy as np
import torch
from torch import Tensor

from model import Config, Llama
from tokenizer import SPECIAL_TOKENS, TextTokenizer
from work import parser

PROMPT_VERSION = 1

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

# Names by `Llama`'s parameters; `{}` is the layer.
TENSOR_NAMES = {
    "embedding": "token_embd",
    "norm": "output_norm",
    "blocks.{}.attention_norm": "blk.{}.attn_norm",
    "blocks.{}.attention.query": "blk.{}.attn_q",
    "blocks.{}.attention.key": "blk.{}.attn_k",
    "blocks.{}.attention.value": "blk.{}.attn_v",
    "blocks.{}.attention.output": "blk.{}.attn_output",
    "blocks.{}.feed_forward_norm": "blk.{}.ffn_norm",
    "blocks.{}.feed_forward.gate": "blk.{}.ffn_gate",
    "blocks.{}.feed_forward.up": "blk.{}.ffn_up",
    "blocks.{}.feed_forward.down": "blk.{}.ffn_down",
}


def export(
    path: Path, config: Config, weights: dict[str, Tensor], tokenizer: TextTokenizer, type_: str
) -> None:
    """Write the model to `path` in one step; matrices are of `type_`, norms F32."""
    part = path.with_name(path.name + ".part")
    writer = gguf.GGUFWriter(part, "llama")
    writer.add_name("Inkling quick 1")
    writer.add_license("Apache-2.0")
    writer.add_uint32("inkling.prompt.version", PROMPT_VERSION)
    writer.add_file_type(FILE_TYPES[type_])
    add_architecture(writer, config)
    add_tokenizer(writer, tokenizer)
    for name, weight in weights.items():
        kind = TYPES[type_] if weight.ndim == 2 else TYPES["f32"]
        add_tensor(writer, tensor_name(name), weight.float().numpy(), kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    os.replace(part, path)


def add_architecture(writer: gguf.GGUFWriter, config: Config) -> None:
    writer.add_vocab_size(config.vocabulary)
    writer.add_context_length(config.context)
    writer.add_embedding_length(config.width)
    writer.add_block_count(config.layers)
    writer.add_feed_forward_length(config.hidden)
    writer.add_head_count(config.heads)
    writer.add_head_count_kv(config.kv_heads)
    writer.add_layer_norm_rms_eps(config.norm_eps)
    writer.add_rope_dimension_count(config.head_width)
    writer.add_rope_freq_base(config.rope_theta)


def add_tokenizer(writer: gguf.GGUFWriter, tokenizer: TextTokenizer) -> None:
    tokens, merges = tokenizer.parts()
    n_special = len(SPECIAL_TOKENS)
    types = [gguf.TokenType.CONTROL] * n_special
    types += [gguf.TokenType.NORMAL] * (len(tokens) - n_special)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(merges)
    ids = {token: index for index, token in enumerate(SPECIAL_TOKENS)}
    writer.add_bos_token_id(ids["<|endoftext|>"])
    writer.add_eos_token_id(ids["<|endoftext|>"])
    writer.add_pad_token_id(ids["<|endoftext|>"])
    writer.add_add_bos_token(True)
    for key, token in [
        ("fim_pre", "<|fim_prefix|>"),
        ("fim_suf", "<|fim_suffix|>"),
        ("fim_mid", "<|fim_middle|>"),
        ("fim_pad", "<|fim_pad|>"),
        ("fim_rep", "<|repo_name|>"),
        ("fim_sep", "<|file_sep|>"),
    ]:
        writer.add_uint32(f"tokenizer.ggml.{key}_token_id", ids[token])


def add_tensor(
    writer: gguf.GGUFWriter, name: str, values: np.ndarray, kind: gguf.GGMLQuantizationType
) -> None:
    writer.add_tensor(name, gguf.quantize(values, kind), raw_dtype=kind)


def tensor_name(parameter: str) -> str:
    """GGUF's name of one of `Llama`'s parameters."""
    parts = parameter.split(".")
    layer = parts[1] if parts[0] == "blocks" else ""
    if layer:
        parts[1] = "{}"
    return TENSOR_NAMES[".".join(parts[:-1])].format(layer) + ".weight"


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--type", choices=TYPES, default="q8_0")
    arguments.add_argument("--random", action="store_true", help="untrained weights")
    arguments.add_argument("--out", type=Path, required=True)
    args = arguments.parse_args()
    tokenizer = TextTokenizer.load(args.work / "tokenizer.json")
    if args.random:
        config = Config(vocabulary=tokenizer.size)
        weights = {name: p.detach() for name, p in Llama(config).named_parameters()}
    else:
        state = torch.load(args.work / "checkpoint.pt", weights_only=True)
        config, weights = Config(**state["config"]), state["optimizer"]["masters"]
    args.out.parent.mkdir(parents=True, exist_ok=True)
    export(args.out, config, weights, tokenizer, args.type)
    print(f"{args.out}: {args.out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
