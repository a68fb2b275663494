"""What a step is like, as a function of the tokens seen: nothing follows the clock but a
cooldown that is asked for in minutes."""

from dataclasses import dataclass

WARMUP_TOKENS = 250_000


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
TRUNK = [
    Phase(0, length=256, batch=4096, repeat=0.4),
    Phase(2 * MILLION, length=256, batch=4096),
    Phase(6 * MILLION, length=512, batch=8192),
    Phase(30 * MILLION, length=512, batch=16384),
    Phase(60 * MILLION, length=1024, batch=16384),
    Phase(120 * MILLION, length=1024, batch=32768),
]

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

    def __init__(self, warm_from: int = 0):
        self.warm_from = warm_from

    def at(self, tokens: int, _seconds: float) -> Step:
        phase = phase_at(tokens)
        rate = min(1.0, (tokens - self.warm_from + phase.batch) / WARMUP_TOKENS)
        rows = phase.batch // phase.length
        return Step(phase.length, rows, phase.repeat, rate, TRUNK_ANSWER_WEIGHT)


class Cooldown:
    """From the constant rate down to zero by 1 - sqrt(share) (arXiv 2405.18392)."""

    def __init__(self, tokens: int, seconds: float, budget: str):
        """A cooldown that begins at these counters; `budget` is "15m" (minutes) or "4M" (tokens)."""
        number, unit = float(budget[:-1]), budget[-1:]
        if unit not in ("m", "M") or not number > 0:
            raise ValueError(f"{budget!r}: give minutes as 15m or millions of tokens as 4M")
        self.by_tokens = unit == "M"
        self.start = tokens if self.by_tokens else seconds
        self.size = number * (MILLION if self.by_tokens else 60)
        self.batch = phase_at(tokens).batch

    def at(self, tokens: int, seconds: float) -> Step | None:
        """The next step, or None at the end."""
        share = ((tokens if self.by_tokens else seconds) - self.start) / self.size
        if share >= 1:
            return None
        length = [length for start, length in COOLDOWN_LENGTHS if start <= share][-1]
        return Step(length, max(1, self.batch // length), 0.0, 1 - share**0.5, COOLDOWN_ANSWER_WEIGHT)


def phase_at(tokens: int) -> Phase:
    return [phase for phase in TRUNK if phase.tokens <= tokens][-1]
