"""Draw a run's curves as SVG: bits a byte of held-out text and answers, over millions of tokens."""

import math
from pathlib import Path

from work import parser, read_jsonl, write_atomically

WIDTH, HEIGHT, MARGIN = 640, 360, 44
CURVES = {"bits_per_byte": ("#1f6feb", "text"), "answer_bits_per_byte": ("#d4622a", "answers")}


class Axes:
    """Places on the picture: a logarithmic axis of tokens and a linear one of bits a byte."""

    def __init__(self, points: list[tuple[float, float]]):
        xs, ys = zip(*points)
        self.left, self.right = min(xs), max(max(xs), min(xs) * 1.1)
        self.top = math.ceil(max(ys) * 2) / 2

    def x(self, tokens: float) -> float:
        share = math.log(tokens / self.left) / math.log(self.right / self.left)
        return MARGIN + share * (WIDTH - 2 * MARGIN)

    def y(self, bits: float) -> float:
        return HEIGHT - MARGIN - bits / self.top * (HEIGHT - 2 * MARGIN)

    def ticks(self) -> tuple[list[float], list[float]]:
        """Round numbers of tokens (1, 2, 5 times a power of ten) and of bits."""
        powers = range(math.floor(math.log10(self.left)), math.ceil(math.log10(self.right)) + 1)
        tokens = [step * 10**power for power in powers for step in (1, 2, 5)]
        bits = [half / 2 for half in range(int(2 * self.top) + 1)]
        return [n for n in tokens if self.left <= n <= self.right], bits


def drawn(lines: list[dict]) -> str:
    """The picture of a log's lines."""
    curves = {name: [(line["tokens"], line[name]) for line in lines if name in line] for name in CURVES}
    axes = Axes([point for points in curves.values() for point in points])
    tokens, bits = axes.ticks()
    parts = [label(axes.x(n), HEIGHT - MARGIN + 18, f"{n / 1e6:g}M") for n in tokens]
    parts += [label(MARGIN - 18, axes.y(n) + 4, f"{n:g}") + rule(axes.y(n)) for n in bits]
    parts += [label(WIDTH / 2, HEIGHT - 6, "tokens seen"), label(WIDTH / 2, 18, "held-out bits a byte")]
    for number, (name, points) in enumerate(curves.items()):
        colour, title = CURVES[name]
        places = " ".join(f"{axes.x(x):.1f},{axes.y(y):.1f}" for x, y in points)
        parts.append(f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(label(WIDTH - MARGIN - 24, 44 + 18 * number, title, colour))
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    style = 'font-family="sans-serif" font-size="12"'
    background = '<rect width="100%" height="100%" fill="white"/>'
    body = "\n".join([background, *parts])
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>\n{body}\n</svg>\n'


def label(x: float, y: float, text: str, colour: str = "#444") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" fill="{colour}">{text}</text>'


def rule(y: float) -> str:
    return f'<line x1="{MARGIN}" x2="{WIDTH - MARGIN}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--log", type=Path, nargs="+", help="WORK/train.jsonl; a cooldown's after it")
    arguments.add_argument("--out", type=Path, required=True)
    args = arguments.parse_args()
    lines = [line for log in args.log or [args.work / "train.jsonl"] for line in read_jsonl(log)]
    if not any("bits_per_byte" in line for line in lines):
        raise SystemExit("no held-out figures in the log yet")
    write_atomically(args.out, drawn(lines).encode())


if __name__ == "__main__":
    main()
