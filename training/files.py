"""Files of a package: a path within it, a size in bytes, and a function that reads it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from languages import is_source

File = tuple[str, int, Callable[[], bytes]]


def tree(
    root: Path, skipped: tuple[str, ...] = (), suffixes: tuple[str, ...] = ()
) -> Iterator[File]:
    """Every source file under `root` (with one of `suffixes`, where some are given) but those
    whose path begins like one of `skipped`."""
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            relative = path.relative_to(root).as_posix()
            if wanted(name, suffixes) and not relative.startswith(skipped) and path.is_file():
                yield relative, path.stat().st_size, path.read_bytes


def wanted(name: str, suffixes: tuple[str, ...]) -> bool:
    return is_source(name) and (not suffixes or name.endswith(suffixes))
