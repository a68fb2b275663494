"""Exact match of greedy line completions on held-out packages, by language.

A first look, not the product's evaluation: the rest of a line is asked for at a place where
one types, with the whole rest of the file around it in view.
"""

import json
import random

import torch

from complete import complete, load
from samples import Corpus, cursor, line_end
from tokenizer import TextTokenizer
from work import parser

MIN_ANSWER_CHARACTERS = 4


def line_cases(corpus: Corpus, language: str, count: int, seed: int) -> list[tuple]:
    """`count` cases (document, start, end) of the rest of a line with at least four characters."""
    rng = random.Random(f"{seed}/{language}")
    cases = []
    while len(cases) < count:
        document = rng.choice(corpus.by_language[language])
        start = cursor(document.text, rng)
        end = line_end(document.text, start)
        if len(document.text[start:end].strip()) >= MIN_ANSWER_CHARACTERS:
            cases.append((document, start, end))
    return cases


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--limit", type=int, default=50, help="cases a language")
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--show", action="store_true", help="print every case as JSON")
    args = arguments.parse_args()
    torch.set_num_threads(1)
    tokenizer = TextTokenizer.load(args.work / "tokenizer.json")
    model = load(args.work / "checkpoint.pt")
    corpus = Corpus.load(args.work / "corpus/documents.jsonl", "held_out")
    for language in sorted(corpus.by_language):
        right = 0
        cases = line_cases(corpus, language, args.limit, args.seed)
        for document, start, end in cases:
            before, wanted = document.text[:start], document.text[start:end]
            answer = complete(model, tokenizer, document.path, before, document.text[end:])
            right += answer.strip() == wanted.strip()
            if args.show:
                line = before.rpartition("\n")[2]
                print(json.dumps({"line": line, "wanted": wanted, "answer": answer}))
        print(f"{language:11} {right}/{len(cases)} = {right / len(cases):.2f}", flush=True)


if __name__ == "__main__":
    main()
