"""What a step is like, as a function of the tokens seen: nothing follows the clock but a
cooldown that is asked for in minutes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Phase:
    """From `tokens` on: rows of `length`, `batch` tokens a step, `repeat` of the rows said twice."""

    tokens: int
    length: int
    batch: int
    repeat: float = 0.0


MILLION = 1_000_000

# Copying sets in sooner on short sequences, some of them said twice. Small batches move further
# a token while gradients agree; once they differ by noise only, larger ones average it away.
CPU = [
    Phase(0, length=256, batch=4096, repeat=0.4),
    Phase(2 * MILLION, length=256, batch=4096),
    Phase(6 * MILLION, length=512, batch=8192),
    Phase(30 * MILLION, length=512, batch=16384),
    Phase(60 * MILLION, length=1024, batch=16384),
    Phase(120 * MILLION, length=1024, batch=32768),
]

# Where tokens cost a hundredth of that, they are spent to keep the device full.
CUDA = [
    Phase(0, length=1024, batch=32768, repeat=0.4),
    Phase(12 * MILLION, length=1024, batch=32768),
    Phase(200 * MILLION, length=1024, batch=65536),
]

TRUNKS = {"cpu": CPU, "cuda": CUDA}

WARMUP_STEPS = 64

# Shares of a cooldown and their lengths: distance is learnt last, where it costs least.
COOLDOWN_LENGTHS = [(0.0, 1024), (0.75, 2048)]

# Answers are a tenth of the tokens and all that the product asks for. Twice their weight costs
# little of the batch's effective size in the long run; the cooldown, which settles what the
# model is best at, gives them four times.
TRUNK_ANSWER_WEIGHT = 2.0
COOLDOWN_ANSWER_WEIGHT = 4.0


@dataclass(frozen=True)
class Step:
    """One optimizer step: `rate` is the share of the peak rates."""

    length: int
    rows: int
    repeat: float
    rate: float
    answer_weight: float


class Trunk:
    """Warm-up, then the constant rate, without an end; `warm_from` is where a warm-up began."""

    def __init__(self, phases: list[Phase], warm_from: int = 0):
        self.phases, self.warm_from = phases, warm_from

    def at(self, tokens: int, _seconds: float) -> Step:
        phase = phase_at(self.phases, tokens)
        rate = min(1.0, (tokens - self.warm_from + phase.batch) / (WARMUP_STEPS * phase.batch))
        rows = phase.batch // phase.length
        return Step(phase.length, rows, phase.repeat, rate, TRUNK_ANSWER_WEIGHT)


class Budget:
    """So many minutes ("15m") or millions of tokens ("4M")."""

    def __init__(self, text: str):
        number, unit = text[:-1], text[-1:]
        try:
            size = float(number)
        except ValueError:
            size = 0.0
        if unit not in ("m", "M") or not size > 0:
            raise ValueError(f"{text!r}: give minutes as 15m or millions of tokens as 4M")
        self.by_tokens = unit == "M"
        self.size = size * (MILLION if self.by_tokens else 60)

    def used(self, tokens: int, seconds: float) -> float:
        """The share of it that these counters are."""
        return (tokens if self.by_tokens else seconds) / self.size


class Cooldown:
    """From the constant rate down to zero by 1 - sqrt(share) (arXiv 2405.18392)."""

    def __init__(self, phases: list[Phase], tokens: int, seconds: float, budget: Budget):
        """A cooldown that begins at these counters."""
        self.start, self.budget = (tokens, seconds), budget
        self.batch = phase_at(phases, tokens).batch

    def at(self, tokens: int, seconds: float) -> Step | None:
        """The next step, or None at the end."""
        share = self.budget.used(tokens - self.start[0], seconds - self.start[1])
        if share >= 1:
            return None
        length = [length for start, length in COOLDOWN_LENGTHS if start <= share][-1]
        return Step(length, max(1, self.batch // length), 0.0, 1 - share**0.5, COOLDOWN_ANSWER_WEIGHT)


def phase_at(phases: list[Phase], tokens: int) -> Phase:
    return [phase for phase in phases if phase.tokens <= tokens][-1]
