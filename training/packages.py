"""The packages found in WORK/sources and in the toolchains: name, version, licence, files."""

import csv
import json
import re
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from licences import from_python_metadata

File = tuple[str, bytes]

# Folders of a package that hold what its authors wrote, where the rest is compiled from it.
NPM_SOURCE_FOLDERS = ("src", "src.ts", "source")


@dataclass
class Package:
    """A package as installed; `files` lists (path relative to its root, content)."""

    id: str
    version: str
    licence: str
    files: Callable[[], Iterator[File]]
    toolchain: bool = False


def installed_packages(sources: Path) -> Iterator[Package]:
    """Every package of the toolchains and of `sources`, in a fixed order."""
    yield python_library()
    yield from go_library()
    yield rust_library()
    yield from pypi_packages(sources / "pypi")
    yield from npm_packages(sources / "npm/node_modules")
    yield from crates(sources / "crates/vendor")
    yield from maven_artifacts(sources / "maven/jars")


def python_library() -> Package:
    root = Path(sysconfig.get_path("stdlib"))
    skipped = ("site-packages", "test", "idlelib", "lib2to3/tests")
    return Package(
        "python", sys.version.split()[0], "PSF-2.0", lambda: tree(root, skipped), toolchain=True
    )


def go_library() -> Iterator[Package]:
    version = run("go", "version").split()[2]
    root = Path(run("go", "env", "GOROOT")) / "src"
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        if folder.name not in ("cmd", "vendor"):
            yield Package(f"go:{folder.name}", version, "BSD-3-Clause", go_files(folder))


def go_files(folder: Path) -> Callable[[], Iterator[File]]:
    return lambda: ((f"{folder.name}/{path}", data) for path, data in tree(folder))


def rust_library() -> Package:
    root = Path(run("rustc", "--print", "sysroot")) / "lib/rustlib/src/rust/library"
    # Intrinsics are ten thousand near-identical functions.
    skipped = ("stdarch", "compiler-builtins", "vendor")
    version = run("rustc", "--version").split()[1]
    return Package(
        "rust", version, "MIT OR Apache-2.0", lambda: tree(root, skipped), toolchain=True
    )


def pypi_packages(folder: Path) -> Iterator[Package]:
    for info in sorted(folder.glob("*.dist-info")):
        name, version = info.name.removesuffix(".dist-info").rsplit("-", 1)
        licence = from_python_metadata((info / "METADATA").read_text())
        name = re.sub(r"[-_.]+", "-", name).lower()
        yield Package(f"pypi:{name}", version, licence, wheel_files(folder, info))


def wheel_files(folder: Path, info: Path) -> Callable[[], Iterator[File]]:
    def files() -> Iterator[File]:
        with open(info / "RECORD") as record:
            paths = sorted(row[0] for row in csv.reader(record) if row[0].endswith(".py"))
        for path in paths:
            if (folder / path).is_file():
                yield path, (folder / path).read_bytes()

    return files


def npm_packages(folder: Path) -> Iterator[Package]:
    for path in sorted([*folder.glob("*/package.json"), *folder.glob("@*/*/package.json")]):
        manifest = json.loads(path.read_text())
        licence = manifest.get("license")
        yield Package(
            f"npm:{path.parent.relative_to(folder)}",
            manifest.get("version", ""),
            licence if isinstance(licence, str) else "",
            npm_files(path.parent),
        )


def npm_files(root: Path) -> Callable[[], Iterator[File]]:
    def files() -> Iterator[File]:
        authored = [folder for folder in NPM_SOURCE_FOLDERS if (root / folder).is_dir()]
        for folder in authored or ["."]:
            for path, data in tree(root / folder, ("node_modules",)):
                yield str(Path(folder) / path), data

    return files


def crates(folder: Path) -> Iterator[Package]:
    for path in sorted(folder.glob("*/Cargo.toml")):
        package = tomllib.loads(path.read_text())["package"]
        yield Package(
            f"crates:{package['name']}",
            package["version"],
            package.get("license", ""),
            lambda root=path.parent: tree(root),
        )


def maven_artifacts(folder: Path) -> Iterator[Package]:
    """Jars of the manifest; all of them are under Apache-2.0, which jars do not say."""
    for jar in sorted(folder.glob("*-sources.jar")):
        name, version = re.fullmatch(r"(.+?)-(\d.*)-sources\.jar", jar.name).groups()
        yield Package(f"maven:{name}", version, "Apache-2.0", lambda jar=jar: jar_files(jar))


def jar_files(jar: Path) -> Iterator[File]:
    with zipfile.ZipFile(jar) as archive:
        for name in sorted(archive.namelist()):
            if name.endswith((".java", ".kt")):
                yield name, archive.read(name)


def tree(root: Path, skipped: tuple[str, ...] = ()) -> Iterator[File]:
    """Every regular file under `root` but those in folders that begin like one of `skipped`."""
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root).as_posix()
        if not relative.startswith(skipped) and path.is_file() and not path.is_symlink():
            yield relative, path.read_bytes()


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
