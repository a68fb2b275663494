from dataclasses import asdict

import gguf
import numpy as np
import pytest
import torch

from export_gguf import export, read_gguf
from model import Qwen3
from tokenizer import SPECIAL_TOKENS


@pytest.fixture
def model(config):
    torch.manual_seed(0)
    model = Qwen3(config)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, mean=float(parameter.ndim == 1), std=0.1)
    return model.requires_grad_(False)


def exported(model, tokenizer, folder, kind):
    path = folder / f"{kind}.gguf"
    weights = {name: weight.detach() for name, weight in model.named_parameters()}
    state = {"config": asdict(model.config), "tokens": 5, "optimizer": {"masters": weights}}
    export(path, state, tokenizer, kind)
    return path


def test_the_metadata_is_what_the_format_asks(model, text_tokenizer, tmp_path):
    fields = gguf.GGUFReader(exported(model, text_tokenizer, tmp_path, "q8_0")).fields
    value = {name: field.contents() for name, field in fields.items()}
    tokens, merges = text_tokenizer.parts()
    assert value["general.architecture"] == "qwen3"
    assert value["qwen3.attention.key_length"] == model.config.head_width
    assert value["inkling.prompt.version"] == 1
    assert (value["tokenizer.ggml.model"], value["tokenizer.ggml.pre"]) == ("gpt2", "qwen2")
    assert value["tokenizer.ggml.tokens"] == tokens
    assert value["tokenizer.ggml.merges"] == merges
    assert value["tokenizer.ggml.token_type"] == [3] * 16 + [1] * (len(tokens) - 16)
    assert value["tokenizer.ggml.add_bos_token"] is True
    named = {"bos": 0, "eos": 0, "padding": 0, "fim_pre": 1, "fim_suf": 2, "fim_mid": 3}
    named |= {"fim_pad": 4, "fim_rep": 5, "fim_sep": 6}
    assert {key: value[f"tokenizer.ggml.{key}_token_id"] for key in named} == named


def test_the_tensors_are_the_weights(model, text_tokenizer, tmp_path):
    reader = gguf.GGUFReader(exported(model, text_tokenizer, tmp_path, "f32"))
    tensors = {tensor.name: tensor.data for tensor in reader.tensors}
    assert len(tensors) == 2 + 11 * model.config.layers
    block = model.blocks[1]
    for name, weight in [
        ("token_embd.weight", model.embedding.weight),
        ("output_norm.weight", model.norm.weight),
        ("blk.1.attn_q.weight", block.attention.query.weight),
        ("blk.1.attn_k_norm.weight", block.attention.key_norm.weight),
        ("blk.1.attn_norm.weight", block.attention_norm.weight),
        ("blk.1.ffn_norm.weight", block.feed_forward_norm.weight),
        ("blk.1.ffn_down.weight", block.feed_forward.down.weight),
    ]:
        assert np.array_equal(tensors[name], weight.numpy()), name


def test_a_file_reads_back(model, text_tokenizer, tmp_path):
    config, weights, tokens = read_gguf(exported(model, text_tokenizer, tmp_path, "f32"))
    assert (config.hidden, config.heads, tokens) == (model.config.hidden, model.config.heads, 5)
    for name, weight in model.named_parameters():
        assert torch.equal(weights[name], weight), name


@pytest.mark.parametrize("kind, tolerance", [("f16", 1e-3), ("q8_0", 0.01), ("q4_0", 0.15)])
def test_quantized_matrices_stay_close(model, text_tokenizer, tmp_path, kind, tolerance):
    reader = gguf.GGUFReader(exported(model, text_tokenizer, tmp_path, kind))
    tensor = next(tensor for tensor in reader.tensors if tensor.name == "blk.0.ffn_up.weight")
    values = gguf.dequantize(tensor.data, tensor.tensor_type)
    exact = model.blocks[0].feed_forward.up.weight.numpy()
    assert np.abs(values - exact).max() / np.abs(exact).max() < tolerance


def test_llama_cpp_computes_the_same_logits(model, text_tokenizer, tmp_path):
    llama_cpp = pytest.importorskip("llama_cpp")
    path = exported(model, text_tokenizer, tmp_path, "f32")
    peer = llama_cpp.Llama(str(path), n_ctx=64, logits_all=True, verbose=False)
    ids = list(range(len(SPECIAL_TOKENS), len(SPECIAL_TOKENS) + 40))
    peer.eval(ids)
    ours = model.logits(torch.tensor([ids]))[0].numpy()
    error = np.square(peer.scores[: len(ids)] - ours).mean() / np.square(ours).mean()
    assert error < 1e-6


def test_llama_cpp_makes_the_same_tokens(model, text_tokenizer, tmp_path):
    llama_cpp = pytest.importorskip("llama_cpp")
    path = exported(model, text_tokenizer, tmp_path, "f32")
    peer = llama_cpp.Llama(str(path), vocab_only=True, verbose=False)
    text = "def area(width):\n\n    return width2026 * 'é'  # 日本\r\n<|fim_prefix|>"
    ids = peer.tokenize(text.encode(), add_bos=False, special=False)
    assert ids == text_tokenizer.encode(text)
