"""Make a model that knows nothing: MODEL with an embedding of zeros finds every token as likely.

What `inkling eval` makes of it is what the files at hand say alone.
"""

from argparse import ArgumentParser
from pathlib import Path

import gguf


def main() -> None:
    arguments = ArgumentParser(description=(__doc__ or "").split("\n")[0])
    arguments.add_argument("model", type=Path)
    arguments.add_argument("out", type=Path)
    args = arguments.parse_args()
    args.out.write_bytes(blank(args.model))


def blank(model: Path) -> bytes:
    """The file with zeros in the place of its embedding, which is its output too."""
    data = bytearray(model.read_bytes())
    tensors = {tensor.name: tensor for tensor in gguf.GGUFReader(model).tensors}
    embedding = tensors["token_embd.weight"]
    start, n_bytes = int(embedding.data_offset), int(embedding.n_bytes)
    data[start : start + n_bytes] = bytes(n_bytes)
    return bytes(data)


if __name__ == "__main__":
    main()
