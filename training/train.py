"""Train a model on the rows that `inkling dataset tokens` makes of WORK/corpus.

Goes on from the newest checkpoint of `--folder` if there is one, without an end or `--until 6M`
tokens or `--until 60m` minutes: SIGTERM and SIGINT save and stop, SIGUSR1 saves. `--cooldown 15m` or
`--cooldown 4M` makes a finished model of a checkpoint and leaves the run alone; with `--until`, the
run gets there first.
"""

import json
import os
import signal
import time
from dataclasses import fields
from pathlib import Path

import threads  # isort: skip

import torch
import torch.distributed as dist

from checkpoints import Checkpoints, read, write
from export_gguf import read_gguf
from held_out import HeldOut, held_out_rows
from model import Config
from rounding import ROUNDINGS
from schedule import TRUNKS, Budget, Cooldown, Step, Trunk
from stream import Place, Rows, tokens_command
from tokenizer import TextTokenizer
from trainer import Figures, Trainer
from work import INKLING, parser

CHECKPOINT_SECONDS = 300
LOG_TOKENS = 100_000
HELD_OUT_TOKENS = {"cpu": 2_000_000, "cuda": 20_000_000}
HELD_OUT_ROWS = 16
SHAPE = ("width", "layers", "heads", "kv_heads", "head_width", "hidden")


class Signals:
    """What has been asked for from outside since the last step."""

    def __init__(self):
        self.stop = self.save = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.on_stop)
        signal.signal(signal.SIGUSR1, self.on_save)

    def on_stop(self, *_) -> None:
        self.stop = True

    def on_save(self, *_) -> None:
        self.save = True


class Log:
    """Lines of JSON: means over every 100,000 tokens, and the held-out figures."""

    def __init__(self, path: Path | None, trainer: Trainer):
        self.file = open(path, "a", buffering=1) if path else None
        self.trainer = trainer
        self.begin()

    def begin(self) -> None:
        self.losses: list[float] = []
        self.last = (self.trainer.tokens, self.trainer.seconds)

    def step(self, figures: Figures, step: Step) -> None:
        self.losses.append(figures.loss)
        tokens, seconds = self.trainer.tokens - self.last[0], self.trainer.seconds - self.last[1]
        if tokens >= LOG_TOKENS:
            loss = sum(self.losses) / len(self.losses)
            shape = {"length": step.length, "rows": step.rows, "rate": step.rate}
            self.write({"loss": loss, "norm": figures.norm, "tokens_per_s": tokens / seconds, **shape})
            self.begin()

    def write(self, figures: dict[str, float]) -> None:
        trainer = self.trainer
        counters = {"step": trainer.steps, "tokens": trainer.tokens, "minutes": trainer.seconds / 60}
        rounded = {name: round(value, 4) for name, value in (counters | figures).items()}
        if self.file:
            self.file.write(json.dumps(rounded) + "\n")


class Run:
    """A trainer on a stream by a schedule, with its log and what it is measured on."""

    def __init__(self, trainer: Trainer, rows: Rows, schedule, held_out: HeldOut | None, log: Log):
        self.trainer, self.rows, self.schedule = trainer, rows, schedule
        self.held_out, self.log = held_out, log

    def go(self, save, until: Budget | None = None) -> bool:
        """Step to the end of `until` or of the schedule; `save` gets the state now and then.

        False if a signal ended it before.
        """
        signals, trainer = Signals(), self.trainer
        measured, saved = trainer.tokens, time.monotonic()
        began = time.monotonic()
        stop = False
        while not stop and (until is None or until.used(trainer.tokens, trainer.seconds) < 1):
            step = self.schedule.at(trainer.tokens, trainer.seconds)
            if step is None:
                break
            ids = self.rows.take(step.rows, step.length)
            # The clock of this step began when the last one's stopped.
            now = time.monotonic()
            figures = trainer.step(ids, step, now - began, signals.stop)
            began, stop = now, figures.stop
            self.log.step(figures, step)
            if trainer.tokens - measured >= HELD_OUT_TOKENS[trainer.device.type]:
                self.measure()
                measured = trainer.tokens
            if signals.save or time.monotonic() - saved > CHECKPOINT_SECONDS:
                save(self.state())
                signals.save, saved = False, time.monotonic()
        save(self.state())
        self.measure()
        return not stop

    def measure(self) -> None:
        if self.held_out:
            self.log.write(self.held_out.measure(self.trainer.model))

    def state(self) -> dict:
        stream = {"place": tuple(self.rows.place), "length": self.rows.length}
        warm_from = getattr(self.schedule, "warm_from", 0)
        return {**self.trainer.state(), "stream": stream, "warm_from": warm_from}


def trunk(args) -> Run:
    """The run itself: on from its newest checkpoint, or from a GGUF file, or from nothing."""
    checkpoint = args.checkpoints.newest()
    if checkpoint and args.from_gguf:
        raise SystemExit(f"{checkpoint} exists: --from-gguf begins a run, so give another --folder")
    if checkpoint:
        state = read(checkpoint)
        trainer = Trainer.load(state)
    elif args.from_gguf:
        trainer, state = from_gguf(args.from_gguf, args.seed), {}
    else:
        shape = {name: getattr(args, name) for name in SHAPE}
        trainer, state = Trainer(Config(vocabulary=args.tokenizer.size, **shape), args.seed), {}
    schedule = Trunk(TRUNKS[trainer.device.type], state.get("warm_from", trainer.tokens))
    return run_for(args, trainer, schedule, state, "train.jsonl")


def from_gguf(path: Path, seed: int) -> Trainer:
    """A trainer with an exported model's weights, past the first phases, its momentum at zero."""
    config, weights, tokens = read_gguf(path)
    trainer = Trainer(config, seed)
    for name, master in trainer.optimizer.masters.named.items():
        master.copy_(weights[name])
    trainer.optimizer.show()
    trainer.tokens = tokens
    return trainer


def finished(args) -> Run:
    """A run that only has its cooldown before it, from a checkpoint."""
    checkpoint = args.checkpoint or args.checkpoints.newest()
    if checkpoint is None:
        raise SystemExit(f"no checkpoint in {args.checkpoints.folder}")
    state = read(checkpoint)
    trainer = Trainer.load(state)
    return run_for(args, trainer, cooldown(args, trainer), state, log_of(args.out))


def cooldown(args, trainer: Trainer) -> Cooldown:
    """The rate's way down to zero, under the rounding of the file to be exported."""
    trainer.optimizer.round_as(ROUNDINGS[args.type])
    return Cooldown(TRUNKS[trainer.device.type], trainer.tokens, trainer.seconds, args.cooldown)


def log_of(out: Path) -> str:
    return f"{out.stem}.jsonl"


def run_for(args, trainer: Trainer, schedule, state: dict, log: str) -> Run:
    """The run of a trainer from where `state` stands in the stream, or from its beginning."""
    corpus, tokenizer = args.work / "corpus/documents.jsonl", args.work / "tokenizer.gguf"
    stream = state.get("stream") or {"place": Place(), "length": schedule.at(trainer.tokens, 0.0).length}
    options = {"threads": args.row_threads, "plain": args.plain}
    command = tokens_command(args.inkling, corpus, tokenizer, "train", args.seed, **options)
    rows = Rows(command, Place(*stream["place"]), stream["length"])
    first = trainer.rank == 0
    folder = args.work / "held_out"
    held = first and held_out_rows(args.inkling, tokenizer, folder, corpus, HELD_OUT_ROWS)
    held_out = HeldOut(held, args.tokenizer.byte_lengths()) if held else None
    return Run(trainer, rows, schedule, held_out, Log(args.folder / log if first else None, trainer))


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--folder", type=Path, help="folder of checkpoints and log (WORK)")
    arguments.add_argument("--inkling", default=str(INKLING), help="the program that makes the rows")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--threads", type=int, default=os.cpu_count())
    arguments.add_argument("--row-threads", type=int, help="that make rows (1, beside a GPU all but two)")
    arguments.add_argument("--plain", type=int, default=25, help="percent of the tokens, no questions")
    arguments.add_argument("--until", type=Budget, metavar="60m|6M", help="stop after this much")
    arguments.add_argument("--from-gguf", type=Path, help="begin with this model's weights")
    arguments.add_argument("--cooldown", type=Budget, metavar="15m|4M", help="make a finished model")
    arguments.add_argument("--checkpoint", type=Path, help="the one to cool down (the newest)")
    arguments.add_argument("--type", choices=ROUNDINGS, default="q8_0", help="of a cooldown's export")
    arguments.add_argument("--out", type=Path, help="where a cooldown goes (FOLDER/cooled.pt)")
    for field in fields(Config):
        if field.name in SHAPE:
            arguments.add_argument(f"--{field.name.replace('_', '-')}", type=int, default=field.default)
    args = arguments.parse_args()
    args.folder = args.folder or args.work
    args.out = args.out or args.folder / "cooled.pt"
    args.folder.mkdir(parents=True, exist_ok=True)
    args.checkpoints = Checkpoints(args.folder / "checkpoints")
    if args.row_threads is None:
        args.row_threads = max(1, os.cpu_count() - 2) if torch.cuda.is_available() else 1
    args.tokenizer = TextTokenizer.load(args.work / "tokenizer.json")
    torch.set_num_threads(args.threads)
    if "WORLD_SIZE" in os.environ:
        dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    first = os.environ.get("RANK", "0") == "0"
    if args.cooldown and not args.until:
        run = finished(args)
    else:
        if first:
            (args.folder / "train.pid").write_text(f"{os.getpid()}\n")
        run = trunk(args)
        if not run.go(args.checkpoints.save if first else keep_nothing, args.until) or not args.cooldown:
            return
        run.schedule = cooldown(args, run.trainer)
        run.log = Log(args.folder / log_of(args.out) if first else None, run.trainer)
    run.go((lambda state: write(args.out, state)) if first else keep_nothing)


def keep_nothing(_state: dict) -> None:
    """What processes but the first do with a checkpoint."""


if __name__ == "__main__":
    main()
