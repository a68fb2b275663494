"""What a table of the corpus's n-grams would add to a model: bits a byte of held-out text with and
without it, by the table's size.

A table's entry is a context of 3 to 6 tokens and the token that follows it mostly. Of all those that
stand often enough in the training text, the ones that are used most are kept, and of a longer context
only what a shorter one does not say as well. Its share of the mixture is learned on one half of the
held-out rows, as `inkling eval mixing` learns that of the files at hand, and measured on the other.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from export_gguf import read_gguf
from held_out import ROWS_AT_ONCE, bits, held_out_rows, in_answer
from model import Qwen3
from tokenizer import of_gguf
from work import INKLING, parser, read_jsonl

ORDERS = (6, 5, 4, 3)
TOKEN_BITS = 13
FACTOR = np.uint64(0x9E3779B97F4A7C15)

# Four bytes of the context's hash, two of the token, one of its share.
ENTRY_BYTES = 7

MIN_COUNT = 4
MIN_SHARE = 0.4
# A longer context must be so much surer of its token than the next shorter one.
MIN_GAIN = 0.1
ROWS = 64


class Entries(NamedTuple):
    """Contexts of one length, ascending, each with its likeliest token, its share and its count."""

    contexts: np.ndarray
    tokens: np.ndarray
    shares: np.ndarray
    counts: np.ndarray

    def keep(self, which: np.ndarray) -> "Entries":
        return Entries(*(column[which] for column in self))

    def find(self, contexts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The entries' places, and whether there is one."""
        at = np.searchsorted(self.contexts, contexts).clip(max=len(self.contexts) - 1)
        return at, self.contexts[at] == contexts


def hashes(ids: np.ndarray, order: int) -> np.ndarray:
    """Of the `order` tokens before each place [..., n] of `ids` [..., n]; short ones wrap around."""
    total = np.zeros(ids.shape, np.uint64)
    for back in range(order, 0, -1):
        total = (total + np.roll(ids, back, -1).astype(np.uint64) + np.uint64(1)) * FACTOR
        total ^= total >> np.uint64(29)
    return total >> np.uint64(TOKEN_BITS)


def entries(ids: np.ndarray, order: int) -> tuple[Entries, np.ndarray]:
    """All worth having of one length, and for each a place in `ids` where it stands."""
    keys = hashes(ids, order) << np.uint64(TOKEN_BITS) | ids.astype(np.uint64)
    keys, places, counts = np.unique(keys, return_index=True, return_counts=True)
    contexts = keys >> np.uint64(TOKEN_BITS)
    starts = np.flatnonzero(np.r_[True, contexts[1:] != contexts[:-1]])
    totals = np.add.reduceat(counts, starts)
    most = np.repeat(np.maximum.reduceat(counts, starts), np.diff(np.r_[starts, len(counts)]))
    totals = np.repeat(totals, np.diff(np.r_[starts, len(counts)]))
    shares = counts / totals
    which = np.flatnonzero((counts == most) & (counts >= MIN_COUNT) & (shares >= MIN_SHARE))
    # Of two tokens that are as likely, the first.
    which = which[np.r_[True, contexts[which][1:] != contexts[which][:-1]]]
    tokens = (keys & np.uint64((1 << TOKEN_BITS) - 1)).astype(np.int64)
    return Entries(contexts, tokens, shares, counts).keep(which), places[which]


def all_entries(ids: np.ndarray) -> dict[int, Entries]:
    """By length, without what a shorter context says as well."""
    found: dict[int, Entries] = {}
    for order in sorted(ORDERS):
        one, places = entries(ids, order)
        shorter = found.get(order - 1)
        if shorter:
            at, known = shorter.find(hashes(ids, order - 1)[places])
            same = known & (shorter.tokens[at] == one.tokens)
            one = one.keep(~(same & (one.shares < shorter.shares[at] + MIN_GAIN)))
        found[order] = one
    return found


def most_used(found: dict[int, Entries], n_entries: int) -> dict[int, Entries]:
    uses = np.concatenate([one.counts * one.shares for one in found.values()])
    least = np.partition(uses, -n_entries)[-n_entries] if n_entries < len(uses) else 0
    return {order: one.keep(one.counts * one.shares >= least) for order, one in found.items()}


def predictions(table: dict[int, Entries], ids: np.ndarray) -> np.ndarray:
    """For each place the token that the longest known context expects (-1), and what it is judged by."""
    out = np.full((*ids.shape, 4), 0.0)
    out[..., 0] = -1
    for order in ORDERS:
        one = table[order]
        at, known = one.find(hashes(ids, order))
        known &= (out[..., 0] < 0) & (np.arange(ids.shape[-1]) >= order)
        columns = [one.tokens[at], one.shares[at], np.log1p(one.counts[at]) / 8, np.full(ids.shape, order / 6)]
        out[known] = np.stack(columns, -1)[known]
    return out


@torch.no_grad()
def probabilities_of(model: Qwen3, ids: Tensor, expected: Tensor) -> tuple[Tensor, ...]:
    """Of each next token, of the model's first, and of the expected one: [rows, length] each."""
    parts = []
    for part, wanted in zip(ids.split(ROWS_AT_ONCE), expected.split(ROWS_AT_ONCE), strict=True):
        logits = model.logits(part[:, :-1]).float().log_softmax(-1)
        of = [logits.gather(-1, one[..., None])[..., 0] for one in (part[:, 1:], wanted.clamp(min=0))]
        first = logits.max(-1)
        parts.append((*of, first.values, (first.indices == wanted).float()))
    return tuple(torch.cat(column) for column in zip(*parts, strict=True))


def mixed(nats: Tensor, right: Tensor, share: Tensor, features: Tensor, weights: Tensor) -> Tensor:
    """Nats of each token when the table has the share that `weights` give it."""
    table = torch.sigmoid(features @ weights)
    return -torch.log((1 - table) * (-nats).exp() + table * share * right + 1e-12)


def learn(nats: Tensor, right: Tensor, share: Tensor, features: Tensor) -> Tensor:
    weights = torch.zeros(features.shape[-1], requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=200)

    def loss():
        optimizer.zero_grad()
        value = mixed(nats, right, share, features, weights).mean() + 1e-4 * weights.square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    return weights.detach()


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--inkling", default=str(INKLING), help="the program that makes the rows")
    arguments.add_argument("--model", type=Path, required=True)
    arguments.add_argument("--megabytes", type=int, nargs="+", default=[4, 16, 64])
    arguments.add_argument("--tokens", type=int, default=100, help="millions of training text at most")
    args = arguments.parse_args()
    corpus, tokenizer = args.work / "corpus/documents.jsonl", of_gguf(args.model)
    lengths = torch.tensor(tokenizer.byte_lengths())
    held_out = held_out_rows(args.inkling, args.model, args.work / "held_out", corpus, ROWS)
    config, weights, _ = read_gguf(args.model)
    model = Qwen3(config).eval()
    model.load_state_dict(weights, strict=False)
    found = all_entries(training_ids(corpus, tokenizer, args.tokens * 1_000_000))
    print(f"{sum(len(one.tokens) for one in found.values())} entries are worth having")
    for megabytes in args.megabytes:
        table = most_used(found, megabytes * 1_000_000 // ENTRY_BYTES)
        for language, rows in held_out.items():
            print(f"{megabytes:4} MB {language:11} {compare(model, table, rows, lengths)}", flush=True)


def training_ids(corpus: Path, tokenizer, limit: int) -> np.ndarray:
    parts, n_ids = [], 0
    for row in read_jsonl(corpus):
        if row["split"] == "train" and n_ids < limit:
            parts.append(np.array([0, *tokenizer.encode(row["text"])], np.uint16))
            n_ids += len(parts[-1])
    return np.concatenate(parts)


def compare(model: Qwen3, table: dict[int, Entries], rows: np.ndarray, lengths: Tensor) -> str:
    """Bits a byte of text and of answers on half of the rows, by the model alone and with the table."""
    ids = torch.from_numpy(rows)
    judged = torch.from_numpy(predictions(table, rows)[:, 1:]).float()
    expected = judged[..., 0].long()
    nats, of_expected, first, agrees = probabilities_of(model, ids, expected)
    nats, known = -nats, expected >= 0
    right = (expected == ids[:, 1:]).float()
    ones = torch.ones_like(first)
    features = torch.stack(
        [ones, *judged[..., 1:].unbind(-1), first.exp(), of_expected.exp(), agrees], -1
    )
    half = torch.arange(len(ids))[:, None].expand_as(known) % 2 == 0
    learned = known & half
    weights = learn(nats[learned], right[learned], judged[..., 1][learned], features[learned])
    after = torch.where(known, mixed(nats, right, judged[..., 1], features, weights), nats)
    n_bytes = lengths[ids[:, 1:]]
    text = (n_bytes > 0) & ~half
    answers = text & in_answer(ids)
    figures = [
        f"{name} {bits(nats[of], n_bytes[of]):.4f} → {bits(after[of], n_bytes[of]):.4f}"
        for name, of in (("text", text), ("answers", answers))
    ]
    return f"{', '.join(figures)}, known {known[text].float().mean():.2f}"


if __name__ == "__main__":
    main()
