#!/usr/bin/env python3
"""Measures the GPU executor beside llama.cpp's Vulkan backend, on this machine's GPU, and prints a table.

    cargo build --release --package inkling-cli
    python3 core/engine/beside_llama_cpp.py                      # everything, in target/beside-llama-cpp
    python3 core/engine/beside_llama_cpp.py 1.3b:q4_0 54m:q8_0   # these models only

llama.cpp is built from the source package of llama-cpp-python, which takes CMake, Ninja, a C++ compiler, `glslc` and
the headers of SPIR-V and of Vulkan from 1.3.272 on (Debian 13: cmake ninja-build g++ glslc libvulkan-dev
spirv-headers). The models have random weights; the larger ones have DeepSeek-Coder's shapes. Both programs read a
prompt of 512 random tokens and write 64, in turns; figures are medians. Needs `pip install gguf`.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tarfile

PEER = "llama-cpp-python==0.3.36"
N_PROMPT, N_DECODE = 512, 64

# layers, width, heads, key-value heads, feed-forward width, vocabulary
SHAPES = {
    "54m": (12, 512, 8, 4, 1536, 16384),
    "1.3b": (24, 2048, 16, 16, 5504, 32256),
    "6.7b": (32, 4096, 32, 32, 11008, 32256),
}
MODELS = ["54m:q4_0", "1.3b:q4_0", "1.3b:q8_0", "6.7b:q4_0", "6.7b:q4_k"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=MODELS, metavar="SHAPE:TYPE")
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("target/beside-llama-cpp"))
    parser.add_argument("--inkling", default="target/release/inkling")
    parser.add_argument("--llama-bench", type=pathlib.Path, help="one that is built already")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    peer = args.llama_bench or build(args.work)
    print("| model | prefill, ours | llama.cpp | ratio | decode, ours | llama.cpp | ratio | GB/s |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    for name in args.models:
        shape, _, dtype = name.partition(":")
        model = args.work / f"{shape}-{dtype}.gguf"
        if not model.exists():
            write_model(model, SHAPES[shape], dtype)
        ours, theirs = [], []
        for _ in range(args.rounds):
            ours.append(run_inkling(args.inkling, model))
            theirs.append(run_peer(peer, model))
        print(row(name, medians(ours), medians(theirs), bytes_read(model)), flush=True)


def row(name, ours, theirs, n_bytes):
    (prefill, decode), (peer_prefill, peer_decode) = ours, theirs
    gb_per_second = decode * n_bytes / 1e9
    return (f"| {name} | {prefill:,.0f} | {peer_prefill:,.0f} | {prefill / peer_prefill:.2f} "
            f"| {decode:,.0f} | {peer_decode:,.0f} | {decode / peer_decode:.2f} | {gb_per_second:,.0f} |")


def medians(runs):
    return [statistics.median(column) for column in zip(*runs)]


def bytes_read(model):
    """Of weights, for one token: all but the embedding table, of which it is one row."""
    import gguf

    tensors = gguf.GGUFReader(model).tensors
    return sum(int(tensor.n_bytes) for tensor in tensors if tensor.name != "token_embd.weight")


def run_inkling(inkling, model):
    command = [inkling, "--json", "model", "bench", model, "--executor", "gpu",
               "--prompt", str(N_PROMPT), "--decode", str(N_DECODE)]
    result = json.loads(output(command))
    return result["prefill_tok_s"], result["decode_tok_s"]


def run_peer(peer, model):
    command = [peer, "-m", model, "-ngl", "99", "-p", str(N_PROMPT), "-n", str(N_DECODE), "-r", "3", "-o", "json"]
    tests = json.loads(output(command))
    if not any("Vulkan" in test["backends"] for test in tests):
        sys.exit(f"{peer} was built without Vulkan: its backends are {tests[0]['backends']}")
    of = {bool(test["n_gen"]): test["avg_ts"] for test in tests}
    return of[False], of[True]


def output(command):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"{command[0]} failed:\n{result.stderr}")
    return result.stdout


def build(work):
    """llama.cpp's bench with its Vulkan backend."""
    built = work / "llama.cpp-build"
    program = built / "bin" / "llama-bench"
    if program.exists():
        return program
    download = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", ":all:", "--dest", work, PEER]
    subprocess.run(download, check=True)
    [package] = work.glob("llama_cpp_python-*.tar.gz")
    with tarfile.open(package) as archive:
        archive.extractall(work, filter="data")
    source = work / package.name.removesuffix(".tar.gz") / "vendor" / "llama.cpp"
    options = ["GGML_VULKAN=ON", "CMAKE_BUILD_TYPE=Release", "BUILD_SHARED_LIBS=OFF", "LLAMA_OPENSSL=OFF"]
    off = [f"LLAMA_BUILD_{part}=OFF" for part in ("TESTS", "EXAMPLES", "SERVER", "APP")]
    subprocess.run(["cmake", "-S", source, "-B", built, "-G", "Ninja", *(f"-D{o}" for o in options + off)], check=True)
    subprocess.run(["cmake", "--build", built, "--target", "llama-bench"], check=True)
    return program


def write_model(path, shape, dtype):
    """A Llama of `shape` whose blocks of weights are random bits under fixed scales, so that values stay small."""
    import gguf
    import numpy as np

    n_layer, d, n_head, n_kv_head, d_ff, n_vocab = shape
    kind = getattr(gguf.GGMLQuantizationType, dtype.upper())
    random = np.random.default_rng(0)

    def halves(*values):
        return np.array(values, np.float16).view(np.uint8)

    def matrix(n_out, n_in):
        block_len, n_bytes = gguf.GGML_QUANT_SIZES[kind]
        blocks = random.integers(0, 256, (n_out * n_in // block_len, n_bytes), np.uint8)
        if dtype == "q4_k":
            # All eight scales and minima of a block are 32, of 6 bits.
            blocks[:, :4], blocks[:, 4:16] = halves(1.25e-4, 9.4e-4), [160] * 8 + [0] * 4
        else:
            blocks[:, :2] = halves({"q4_0": 4e-3, "q8_0": 2.5e-4}[dtype])
        return blocks.reshape(n_out, -1)

    writer = gguf.GGUFWriter(str(path.with_suffix(".part")), "llama")
    writer.add_context_length(2048)
    writer.add_embedding_length(d)
    writer.add_block_count(n_layer)
    writer.add_feed_forward_length(d_ff)
    writer.add_head_count(n_head)
    writer.add_head_count_kv(n_kv_head)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10000.0)
    writer.add_rope_dimension_count(d // n_head)
    writer.add_vocab_size(n_vocab)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    keep = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = [chr(i) for i in keep] + [chr(256 + i) for i in range(256 - len(keep))]
    writer.add_token_list(letters + ["ab"] + [f"<{i}>" for i in range(257, n_vocab)])
    writer.add_token_types([1] * n_vocab)
    writer.add_token_merges(["a b"])
    writer.add_bos_token_id(n_vocab - 1)
    writer.add_eos_token_id(n_vocab - 1)

    def add(name, n_out, n_in):
        writer.add_tensor(f"{name}.weight", matrix(n_out, n_in), raw_dtype=kind)

    def add_norm(name):
        writer.add_tensor(f"{name}.weight", np.ones(d, np.float32))

    d_kv = d // n_head * n_kv_head
    add("token_embd", n_vocab, d)
    for layer in (f"blk.{i}." for i in range(n_layer)):
        add_norm(layer + "attn_norm")
        for name, n_out in (("attn_q", d), ("attn_k", d_kv), ("attn_v", d_kv), ("attn_output", d)):
            add(layer + name, n_out, d)
        add_norm(layer + "ffn_norm")
        add(layer + "ffn_gate", d_ff, d)
        add(layer + "ffn_up", d_ff, d)
        add(layer + "ffn_down", d, d_ff)
    add_norm("output_norm")
    add("output", n_vocab, d)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    os.replace(path.with_suffix(".part"), path)


if __name__ == "__main__":
    main()
