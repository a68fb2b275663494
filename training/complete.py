"""Complete a file at a cursor, greedily, with a checkpoint: a look at what training has done.

The cursor is the first `$0` in the file (its end if there is none).
"""

import sys
from pathlib import Path

import torch

from model import Config, Llama
from samples import line_start
from tokenizer import ENDOFTEXT, FILE_SEP, FIM_MIDDLE, FIM_PREFIX, FIM_SUFFIX, TextTokenizer
from work import parser

MAX_NEW_TOKENS = 48
PREFIX_CHARACTERS, SUFFIX_CHARACTERS = 1500, 500


def load(checkpoint: Path) -> Llama:
    """The checkpoint's model, in f32."""
    state = torch.load(checkpoint, weights_only=True)
    model = Llama(Config(**state["config"]))
    model.load_state_dict(state["optimizer"]["masters"])
    return model


def prompt(tokenizer: TextTokenizer, path: str, prefix: str, suffix: str) -> list[int]:
    """The ids that ask for what stands between `prefix` and `suffix`, suffix first."""
    return [
        ENDOFTEXT,
        *[FILE_SEP, *tokenizer.encode(f"{path}\n")],
        *[FIM_SUFFIX, *tokenizer.encode(suffix)],
        *[FIM_PREFIX, *tokenizer.encode(prefix)],
        FIM_MIDDLE,
    ]


@torch.no_grad()
def greedy(model: Llama, ids: list[int], limit: int = MAX_NEW_TOKENS) -> list[int]:
    """The most probable next token again and again, until ENDOFTEXT or `limit`."""
    answer: list[int] = []
    while len(answer) < limit and (not answer or answer[-1] != ENDOFTEXT):
        window = torch.tensor([(ids + answer)[-model.config.context :]])
        answer.append(int(model(window)[0, -1].argmax()))
    return answer[:-1] if answer[-1] == ENDOFTEXT else answer


def complete(model: Llama, tokenizer: TextTokenizer, path: str, prefix: str, suffix: str) -> str:
    """The model's text for the gap, given some whole lines before it and after it.

    The answer is asked for from the start of the cursor's line and made to begin with what
    stands there, less the space before the cursor, which belongs to the next word's token. A
    small model goes on from its own words much better than from those before FIM_MIDDLE.
    """
    at = line_start(prefix, len(prefix))
    before = prefix[line_start(prefix, max(0, at - PREFIX_CHARACTERS)) : at]
    begun = prefix[at:].rstrip(" ") or prefix[at:]
    ids = prompt(tokenizer, path, before, suffix[:SUFFIX_CHARACTERS])
    answer = tokenizer.decode(greedy(model, ids + tokenizer.encode(begun)))
    return answer.removeprefix(prefix[at + len(begun) :])


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("files", type=Path, nargs="+")
    args = arguments.parse_args()
    tokenizer = TextTokenizer.load(args.work / "tokenizer.json")
    model = load(args.work / "checkpoint.pt")
    for file in args.files:
        prefix, _, suffix = file.read_text().partition("$0")
        answer = complete(model, tokenizer, file.name, prefix, suffix)
        sys.stdout.write(f"--- {file}\n{prefix}\033[7m{answer}\033[0m{suffix}\n")


if __name__ == "__main__":
    main()
