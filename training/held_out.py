"""The loss on fixed rows of packages that were never trained on, by language."""

import hashlib
import json
import math
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from model import Qwen3
from stream import Place, Rows, tokens_command
from tokenizer import ENDOFTEXT, FIM_MIDDLE
from work import read_jsonl, write_atomically

SEED = 1
LENGTH = 512
ROWS_AT_ONCE = 8


class HeldOut:
    """Rows by language, ids [n_rows, length + 1], and how many bytes each token stands for."""

    def __init__(self, rows: dict[str, np.ndarray], byte_lengths: list[int]):
        self.rows = {language: torch.from_numpy(ids) for language, ids in rows.items()}
        self.byte_lengths = torch.tensor(byte_lengths)

    @torch.no_grad()
    def measure(self, model: Qwen3) -> dict[str, float]:
        """Bits a byte of all text and of answers, by language and as the languages' mean."""
        figures = defaultdict(dict)
        for language, ids in self.rows.items():
            for name, value in self.figures(model, ids).items():
                figures[name][language] = value
        means = {name: sum(by.values()) / len(by) for name, by in figures.items()}
        details = {f"{name}/{key}": value for name, by in figures.items() for key, value in by.items()}
        return means | details

    def figures(self, model: Qwen3, ids: Tensor) -> dict[str, float]:
        device = model.embedding.weight.device
        parts = [token_losses(model, part.to(device)).cpu() for part in ids.split(ROWS_AT_ONCE)]
        losses, n_bytes = torch.cat(parts), self.byte_lengths[ids[:, 1:]]
        text = n_bytes > 0
        answers = text & in_answer(ids)
        return {
            "held_out_nats": losses[~padding(ids)].mean().item(),
            "bits_per_byte": bits(losses[text], n_bytes[text]),
            "answer_bits_per_byte": bits(losses[answers], n_bytes[answers]),
        }


def token_losses(model: Qwen3, ids: Tensor) -> Tensor:
    """Loss in nats of each next token, [rows, length], of `ids` [rows, length + 1]."""
    logits = model.logits(ids[:, :-1]).float()
    return F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="none").view(len(ids), -1)


def bits(losses: Tensor, n_bytes: Tensor) -> float:
    return (losses.sum() / n_bytes.sum() / math.log(2)).item()


def padding(ids: Tensor) -> Tensor:
    """Which next tokens fill a row up, ENDOFTEXT after ENDOFTEXT: [rows, length]."""
    return (ids[:, :-1] == ENDOFTEXT) & (ids[:, 1:] == ENDOFTEXT)


def in_answer(ids: Tensor) -> Tensor:
    """Which next tokens follow a FIM_MIDDLE, up to and with the next ENDOFTEXT: [rows, length]."""
    ids = ids[:, :-1]
    places = torch.arange(ids.shape[1], device=ids.device).expand_as(ids)
    last_middle = torch.where(ids == FIM_MIDDLE, places, -1).cummax(1).values
    last_end = torch.where(ids == ENDOFTEXT, places, -1).cummax(1).values
    return last_middle > last_end


def held_out_rows(inkling: str, tokenizer: Path, folder: Path, corpus: Path, n_rows: int) -> dict:
    """`n_rows` rows a language of the corpus's held-out documents, kept in `folder`."""
    stamp = corpus.stat()
    key = (stamp.st_size, stamp.st_mtime_ns, n_rows, LENGTH, SEED, tokenizer.read_bytes())
    cached = folder / f"{hashlib.sha256(repr(key).encode()).hexdigest()[:16]}.npz"
    if not cached.exists():
        rows = {}
        for path in split_by_language(corpus, folder):
            command = tokens_command(inkling, path, tokenizer, "held_out", SEED)
            stream = Rows(command, Place(), LENGTH)
            rows[path.stem] = stream.take(n_rows, LENGTH)
            stream.close()
        np.savez(cached, **rows)
    return dict(np.load(cached))


def split_by_language(corpus: Path, folder: Path) -> list[Path]:
    """The held-out documents as one corpus a language."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = defaultdict(list)
    for document in read_jsonl(corpus):
        if document["split"] == "held_out":
            lines[document["language"]].append(json.dumps(document) + "\n")
    for language, documents in lines.items():
        write_atomically(folder / f"{language}.jsonl", "".join(documents).encode())
    return [folder / f"{language}.jsonl" for language in sorted(lines)]
