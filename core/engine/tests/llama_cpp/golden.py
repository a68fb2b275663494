#!/usr/bin/env python3
"""Writes llama.cpp's logits of the tiny models, which the test beside this compares ours with.

usage: golden.py [NAME ...]      NAME: a model or a storage type, all where none is named
(needs `pip install llama-cpp-python==0.3.36 numpy`, run in the repository's root)
"""
import pathlib
import subprocess
import sys
import tempfile

import llama_cpp
import numpy as np

IDS = [84, 104, 105, 115, 32, 105, 115, 257, 10, 0, 255, 261]
DTYPES = ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K"]
MODELS = ["llama-linear", "llama-divisors", "qwen2", "qwen3", "starcoder2", "gemma", "granite"]
ADAPTERS = ["adapter"]
# Rows of the logits that are kept: the last ones depend on all tokens.
N_ROWS = 3


def plain_weights():
    """Without the repacked ones of special instructions, which not every machine lets run."""
    params = default_params()
    params.use_extra_bufts = False
    return params


default_params = llama_cpp.llama_cpp.llama_model_default_params
llama_cpp.llama_cpp.llama_model_default_params = plain_weights
here = pathlib.Path(__file__).parent



def write(path, model, dtype):
    subprocess.run(["cargo", "run", "-q", "-p", "inkling-fixture", "--example", "tiny", "--",
                    path, model, dtype, "1"], check=True)


for name in sys.argv[1:] or DTYPES + MODELS + ADAPTERS:
    model = name if name in MODELS else "llama"
    with tempfile.TemporaryDirectory() as folder:
        path, options = f"{folder}/tiny.gguf", {}
        write(path, model, name if name in DTYPES else "F32")
        if name in ADAPTERS:
            options = {"lora_path": f"{folder}/adapter.gguf", "lora_scale": 0.5}
            write(options["lora_path"], "adapter", "F32")
        llama = llama_cpp.Llama(path, n_ctx=128, n_threads=1, logits_all=True, verbose=False, **options)
        llama.eval(IDS)
        rows = np.array(llama.scores[: len(IDS)], dtype="<f4")[-N_ROWS:]
        rows.tofile(here / f"{name}.f32")
