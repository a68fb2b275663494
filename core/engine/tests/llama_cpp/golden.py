#!/usr/bin/env python3
"""Writes llama.cpp's logits of the tiny model, which the test beside this compares ours with.

usage: golden.py            (needs `pip install llama-cpp-python==0.3.36 numpy`, run in the repository's root)
"""
import pathlib
import subprocess
import tempfile

import llama_cpp
import numpy as np

IDS = [84, 104, 105, 115, 32, 105, 115, 257, 10, 0, 255, 261]
here = pathlib.Path(__file__).parent

for dtype in ["F32", "F16", "Q8_0", "Q4_0"]:
    with tempfile.TemporaryDirectory() as folder:
        model = f"{folder}/tiny.gguf"
        subprocess.run(["cargo", "run", "-q", "-p", "inkling-fixture", "--example", "tiny_llama", "--",
                        model, dtype, "1"], check=True)
        llama = llama_cpp.Llama(model, n_ctx=128, n_threads=1, logits_all=True, verbose=False)
        llama.eval(IDS)
        np.array(llama.scores[: len(IDS)], dtype="<f4").tofile(here / f"{dtype}.f32")
