"""Train a model on WORK/corpus with WORK/tokenizer.json, for a given time.

Stops at SIGTERM or SIGINT after saving, and goes on with `--resume`. The schedule follows the
clock, so that a slow machine gets a smaller model run cooled down properly, not a cut one.
"""

import json
import math
import os
import signal
import time
from dataclasses import asdict, dataclass
from pathlib import Path

# Threads that wait must sleep: spinning ones take the core from the thread they wait for as
# soon as anything else runs here (a fifth of the speed beside a compiler). Read by libgomp
# when torch loads it.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model import Config, Llama
from muon import Optimizer
from samples import Corpus, batch
from tokenizer import ENDOFTEXT, FIM_MIDDLE, TextTokenizer
from work import parser

ANSWER_WEIGHT = 4.0  # a twelfth of the tokens, and all that the product asks for
WARMUP_STEPS = 60
COOLDOWN_SHARE = 0.25
MAX_GRADIENT_NORM = 1.0
CHECKPOINT_SECONDS = 300
HELD_OUT_SECONDS = 240
HELD_OUT_SEED = -1


@dataclass(frozen=True)
class Phase:
    """Shape of a step from a share of the run's time on; `pieces` are accumulated."""

    starts: float
    length: int
    rows: int
    pieces: int = 1
    repeat_rate: float = 0.0


# Copying sets in sooner on short sequences, some of them said twice; long ones come last and
# teach only distance.
PHASES = [
    Phase(0.0, length=256, rows=16, repeat_rate=0.4),
    Phase(0.45, length=512, rows=8),
    Phase(0.95, length=1024, rows=4, pieces=2),
]


class Trainer:
    """A model with its optimizer and counters; saved and loaded as one."""

    def __init__(self, config: Config, seed: int, compiled: bool = True):
        torch.manual_seed(seed)
        self.config, self.seed = config, seed
        self.model = in_bf16(Llama(config))
        self.optimizer = Optimizer(self.model)
        self.loss = torch.compile(token_losses, dynamic=False) if compiled else token_losses
        self.steps = 0
        self.tokens = 0
        self.seconds = 0.0

    def step(self, pieces: list[np.ndarray], rate: float) -> tuple[float, float]:
        """One optimizer step over batches [rows, length + 1]; the tokens' mean loss and the gradient norm."""
        total = 0.0
        for piece in pieces:
            ids = torch.from_numpy(piece)
            losses, weights = self.loss(self.model, ids), token_weights(ids)
            (mean(losses, weights) / len(pieces)).backward()
            total += mean(losses.detach(), weights > 0).item() / len(pieces)
            self.tokens += int((weights > 0).sum())
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), MAX_GRADIENT_NORM).item()
        self.optimizer.step(rate)
        self.steps += 1
        return total, norm

    def save(self, path: Path) -> None:
        """Write the whole state in one step (temporary file, then rename)."""
        part = path.with_name(path.name + ".part")
        torch.save({**self.counters(), "optimizer": self.optimizer.state()}, part)
        os.replace(part, path)

    def counters(self) -> dict:
        names = ("seed", "steps", "tokens", "seconds")
        return {"config": asdict(self.config), **{name: getattr(self, name) for name in names}}

    @classmethod
    def load(cls, path: Path, compiled: bool = True) -> "Trainer":
        """The trainer that `save` wrote."""
        state = torch.load(path, weights_only=True)
        trainer = cls(Config(**state["config"]), state["seed"], compiled)
        trainer.optimizer.load(state["optimizer"])
        trainer.steps, trainer.tokens = state["steps"], state["tokens"]
        trainer.seconds = state["seconds"]
        return trainer


def token_losses(model: nn.Module, ids: Tensor) -> Tensor:
    """Loss in nats of each next token: [rows * length] of `ids` [rows, length + 1]."""
    logits = model(ids[:, :-1]).flatten(0, 1).float()
    return F.cross_entropy(logits, ids[:, 1:].flatten(), reduction="none")


def token_weights(ids: Tensor) -> Tensor:
    """How much each next token counts: nothing for padding, more in an answer."""
    padding = (ids[:, :-1] == ENDOFTEXT) & (ids[:, 1:] == ENDOFTEXT)
    weights = torch.where(in_answer(ids), ANSWER_WEIGHT, 1.0)
    return weights.masked_fill(padding, 0.0).flatten()


def mean(values: Tensor, weights: Tensor) -> Tensor:
    return (values * weights).sum() / weights.sum()


def in_bf16(model: nn.Module) -> nn.Module:
    """Make the parameters bf16 but leave the rotary tables, which need their digits."""
    for parameter in model.parameters():
        parameter.data = parameter.data.bfloat16()
    return model


def rate_at(step: int, share: float) -> float:
    """Learning rate as a share of its peak: warm-up by steps, then flat, then down to zero."""
    warmup = min(1.0, (step + 1) / WARMUP_STEPS)
    return warmup * min(1.0, max(0.0, (1 - share) / COOLDOWN_SHARE))


def phase_at(share: float) -> Phase:
    return [phase for phase in PHASES if phase.starts <= share][-1]


class HeldOut:
    """Fixed samples of the held-out packages, and the loss on them."""

    def __init__(self, corpus: Corpus, tokenizer: TextTokenizer, rows: int = 64):
        self.ids = batch(corpus, tokenizer, HELD_OUT_SEED, 0, rows, 512)
        self.byte_lengths = torch.tensor(tokenizer.byte_lengths())

    @torch.no_grad()
    def measure(self, model: nn.Module) -> dict[str, float]:
        """Nats a token and bits a byte over all text, and bits a byte over the middles."""
        losses = []
        for rows in np.array_split(self.ids, len(self.ids) // 8):
            ids = torch.from_numpy(rows)
            losses.append(token_losses(model, ids))
        loss, ids = torch.cat(losses), torch.from_numpy(self.ids)
        middle, n_bytes = in_answer(ids).flatten(), self.byte_lengths[ids[:, 1:].flatten()]
        text = n_bytes > 0
        return {
            "nats_per_token": mean(loss, token_weights(ids) > 0).item(),
            "bits_per_byte": bits(loss[text], n_bytes[text]),
            "middle_bits_per_byte": bits(loss[text & middle], n_bytes[text & middle]),
        }


def bits(losses: Tensor, n_bytes: Tensor) -> float:
    return (losses.sum() / n_bytes.sum() / math.log(2)).item()


def in_answer(ids: Tensor) -> Tensor:
    """Which next tokens follow a FIM_MIDDLE, up to and with the next ENDOFTEXT: [rows, length]."""
    ids = ids[:, :-1]
    places = torch.arange(ids.shape[1]).expand_as(ids)
    last_middle = torch.where(ids == FIM_MIDDLE, places, -1).cummax(1).values
    last_end = torch.where(ids == ENDOFTEXT, places, -1).cummax(1).values
    return last_middle > last_end


class Clock:
    """Seconds of training, counted on from earlier runs; the compiler's are counted too."""

    def __init__(self, seconds: float):
        self.start = time.monotonic() - seconds

    def seconds(self) -> float:
        return time.monotonic() - self.start


def run(trainer: Trainer, corpus: Corpus, held_out: HeldOut, args) -> None:
    """Train until the time is up or a signal comes; always leaves a checkpoint."""
    stopped = stop_on_signal()
    clock = Clock(trainer.seconds)
    log = Log(args.work / "train.jsonl", trainer)
    saved = measured = clock.seconds()
    while not stopped and (share := clock.seconds() / (60 * args.minutes)) < 1:
        phase = phase_at(share)
        n_rows = phase.rows * phase.pieces
        where = (trainer.seed, trainer.steps, n_rows, phase.length, phase.repeat_rate)
        ids = batch(corpus, args.tokenizer, *where)
        pieces = np.array_split(ids, phase.pieces)
        loss, norm = trainer.step(pieces, args.rate * rate_at(trainer.steps, share))
        trainer.seconds = clock.seconds()
        log.step(trainer, loss, norm, phase)
        if trainer.seconds - measured > HELD_OUT_SECONDS:
            log.write(trainer, held_out.measure(trainer.model))
            measured = clock.seconds()
        if trainer.seconds - saved > CHECKPOINT_SECONDS:
            trainer.save(args.checkpoint)
            saved = clock.seconds()
    trainer.save(args.checkpoint)
    log.write(trainer, held_out.measure(trainer.model))


def stop_on_signal() -> list[int]:
    """A list that becomes non-empty when SIGTERM or SIGINT arrives."""
    received: list[int] = []
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda number, _frame: received.append(number))
    return received


class Log:
    """Lines of JSON: the mean over every 20 steps, and the held-out figures."""

    def __init__(self, path: Path, trainer: Trainer):
        self.file = open(path, "a", buffering=1)
        self.losses: list[float] = []
        self.last = (trainer.tokens, trainer.seconds)

    def step(self, trainer: Trainer, loss: float, norm: float, phase: Phase) -> None:
        self.losses.append(loss)
        if len(self.losses) < 20:
            return
        tokens, seconds = self.last
        speed = (trainer.tokens - tokens) / (trainer.seconds - seconds)
        mean = sum(self.losses) / len(self.losses)
        figures = {"loss": mean, "norm": norm, "length": phase.length, "tokens_per_s": speed}
        self.write(trainer, figures)
        self.losses, self.last = [], (trainer.tokens, trainer.seconds)

    def write(self, trainer: Trainer, figures: dict[str, float]) -> None:
        counters = {
            "step": trainer.steps,
            "tokens": trainer.tokens,
            "minutes": trainer.seconds / 60,
        }
        rounded = {name: round(value, 4) for name, value in (counters | figures).items()}
        self.file.write(json.dumps(rounded) + "\n")


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--minutes", type=float, default=75)
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--threads", type=int, default=os.cpu_count())
    arguments.add_argument("--rate", type=float, default=1.0, help="share of the peak rates")
    arguments.add_argument("--resume", action="store_true", help="go on from the checkpoint")
    args = arguments.parse_args()
    torch.set_num_threads(args.threads)
    (args.work / "train.pid").write_text(f"{os.getpid()}\n")
    args.checkpoint = args.work / "checkpoint.pt"
    args.tokenizer = TextTokenizer.load(args.work / "tokenizer.json")
    config = Config(vocabulary=args.tokenizer.size)
    trainer = Trainer.load(args.checkpoint) if args.resume else Trainer(config, args.seed)
    documents = args.work / "corpus/documents.jsonl"
    held_out = HeldOut(Corpus.load(documents, "held_out"), args.tokenizer)
    run(trainer, Corpus.load(documents, "train"), held_out, args)


if __name__ == "__main__":
    main()
