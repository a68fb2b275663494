"""Lay out the repositories of `sources.toml` as folders: WORK/sources → WORK/repositories.

Each holds a held-out package's source files as its authors wrote them, for `inkling eval repo`.
"""

import shutil
from pathlib import Path

from fetch import load_manifest
from packages import Package, installed_packages
from work import parse_work


def main() -> None:
    work = parse_work(__doc__)
    wanted = set(load_manifest()["repositories"])
    for package in installed_packages(work / "sources"):
        if package.id in wanted:
            n_files = lay_out(package, work / "repositories")
            print(f"{package.id} {package.version}: {n_files} files")
            wanted.discard(package.id)
    if wanted:
        raise SystemExit(f"not fetched: {', '.join(sorted(wanted))}")


def lay_out(package: Package, root: Path) -> int:
    """Write the package's files into a folder of its name; how many there are."""
    folder = root / package.id.split(":")[1].split("/")[-1]
    shutil.rmtree(folder, ignore_errors=True)
    n_files = 0
    for path, _, read in package.files():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(read())
        n_files += 1
    return n_files


if __name__ == "__main__":
    main()
