"""Write the table of packages in the corpus: what came from where, under which licence."""

from collections import Counter, defaultdict
from pathlib import Path

from work import parser, read_jsonl, write_atomically

COLUMNS = ("package", "version", "licence", "split")


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--out", type=Path, required=True)
    args = arguments.parse_args()
    packages = defaultdict(Counter)
    for row in read_jsonl(args.work / "corpus/provenance.jsonl"):
        packages[tuple(row[name] for name in COLUMNS)][row["language"]] += 1
    lines = ["\t".join([*COLUMNS, "files"])]
    for package, languages in sorted(packages.items()):
        counts = ", ".join(f"{language} {n}" for language, n in sorted(languages.items()))
        lines.append("\t".join([*package, counts]))
    write_atomically(args.out, ("\n".join(lines) + "\n").encode())
    print(f"{args.out}: {len(packages)} packages")


if __name__ == "__main__":
    main()
