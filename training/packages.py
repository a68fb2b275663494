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
from functools import partial
from pathlib import Path

import debian
import maven
from files import File, tree
from licences import from_python_metadata, from_text

# Folders of an npm package that hold what its authors wrote, where the rest is compiled from it.
NPM_SOURCE_FOLDERS = (
    "src", "src.ts", "source", "Source", "android", "Libraries", "ReactAndroid", "ReactCommon",
    "Common", "Shared", "Microsoft.ReactNative", "Microsoft.ReactNative.Managed",
)  # fmt: skip


@dataclass
class Package:
    """A package as installed; `files` lists its source files.

    `licence` is an SPDX expression, or a function from a path to one where files differ.
    """

    id: str
    version: str
    licence: str | Callable[[str], str]
    files: Callable[[], Iterator[File]]

    def licence_of(self, path: str) -> str:
        return self.licence if isinstance(self.licence, str) else self.licence(path)


def installed_packages(sources: Path) -> Iterator[Package]:
    """Every package of the toolchains and of `sources`, in a fixed order."""
    yield python_library()
    yield from go_library()
    yield rust_library()
    yield from pypi_packages(sources / "pypi")
    yield from npm_packages(sources / "npm/node_modules")
    yield from crates(sources / "crates/vendor")
    yield from maven_artifacts(sources / "maven/m2")
    yield from go_modules(sources / "go/modules.json")
    yield from debian_packages(sources / "debian")


def python_library() -> Package:
    root = Path(sysconfig.get_path("stdlib"))
    skipped = ("site-packages", "test", "idlelib", "lib2to3/tests")
    return Package("python", sys.version.split()[0], "PSF-2.0", partial(tree, root, skipped))


def go_library() -> Iterator[Package]:
    version = run("go", "version").split()[2]
    root = Path(run("go", "env", "GOROOT")) / "src"
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        if folder.name not in ("cmd", "vendor"):
            yield Package(f"go:{folder.name}", version, "BSD-3-Clause", partial(go_files, folder))


def go_files(folder: Path) -> Iterator[File]:
    for path, size, read in tree(folder, suffixes=(".go",)):
        yield f"{folder.name}/{path}", size, read


def rust_library() -> Package:
    root = Path(run("rustc", "--print", "sysroot")) / "lib/rustlib/src/rust/library"
    # Intrinsics are ten thousand near-identical functions.
    skipped = ("stdarch", "compiler-builtins", "vendor")
    version = run("rustc", "--version").split()[1]
    return Package("rust", version, "MIT OR Apache-2.0", partial(tree, root, skipped, (".rs",)))


def pypi_packages(folder: Path) -> Iterator[Package]:
    for info in sorted(folder.glob("*.dist-info")):
        name, version = info.name.removesuffix(".dist-info").rsplit("-", 1)
        licence = from_python_metadata((info / "METADATA").read_text())
        name = re.sub(r"[-_.]+", "-", name).lower()
        yield Package(f"pypi:{name}", version, licence, partial(wheel_files, folder, info))


def wheel_files(folder: Path, info: Path) -> Iterator[File]:
    with open(info / "RECORD") as record:
        paths = sorted(row[0] for row in csv.reader(record) if row[0].endswith(".py"))
    for path in paths:
        file = folder / path
        if file.is_file():
            yield path, file.stat().st_size, file.read_bytes


def npm_packages(folder: Path) -> Iterator[Package]:
    for path in sorted([*folder.glob("*/package.json"), *folder.glob("@*/*/package.json")]):
        manifest = json.loads(path.read_text())
        licence = manifest.get("license")
        yield Package(
            f"npm:{path.parent.relative_to(folder)}",
            manifest.get("version", ""),
            licence if isinstance(licence, str) else "",
            partial(npm_files, path.parent),
        )


def npm_files(root: Path) -> Iterator[File]:
    """The authors' files: those in folders of sources if there are any; no compiled twins."""
    authored = [name for name in NPM_SOURCE_FOLDERS if (root / name).is_dir()]
    for folder in authored or ["."]:
        for path, size, read in tree(root / folder, ("node_modules",)):
            if not is_compiled(root / folder / path):
                yield (Path(folder) / path).as_posix(), size, read


def is_compiled(file: Path) -> bool:
    """Whether a JavaScript file has beside it what it was compiled from, or its map."""
    if file.suffix not in (".js", ".mjs", ".cjs", ".jsx"):
        return False
    beside = (".ts", ".tsx", f"{file.suffix}.map")
    return any(file.with_suffix(suffix).exists() for suffix in beside)


def crates(folder: Path) -> Iterator[Package]:
    """Rust files only: the licence of a crate need not be that of the C code it carries."""
    for path in sorted(folder.glob("*/Cargo.toml")):
        package = tomllib.loads(path.read_text())["package"]
        yield Package(
            f"crates:{package['name']}",
            package["version"],
            package.get("license", ""),
            partial(tree, path.parent, (), (".rs",)),
        )


def maven_artifacts(repository: Path) -> Iterator[Package]:
    for jar in sorted(repository.rglob("*-sources.jar")):
        name, version = jar.parent.parent.name, jar.parent.name
        pom = jar.with_name(f"{name}-{version}.pom")
        yield Package(
            f"maven:{name}", version, maven.licence(pom, repository), partial(jar_files, jar)
        )


def jar_files(jar: Path) -> Iterator[File]:
    archive = zipfile.ZipFile(jar)  # stays open as long as there is a reader
    for entry in sorted(archive.infolist(), key=lambda entry: entry.filename):
        if entry.filename.endswith((".java", ".kt")):
            yield entry.filename, entry.file_size, partial(archive.read, entry)


def go_modules(listing: Path) -> Iterator[Package]:
    decoder = json.JSONDecoder()
    text = listing.read_text().strip() if listing.exists() else ""
    while text:
        module, end = decoder.raw_decode(text)
        text = text[end:].lstrip()
        root = Path(module["Dir"])
        files = (path for path in sorted(root.glob("LICEN[SC]E*")) if path.is_file())
        texts = [path.read_text(errors="replace") for path in files]
        licence = from_text(texts[0]) if texts else ""
        files = partial(tree, root, (), (".go",))
        yield Package(f"go:{module['Path']}", module["Version"], licence, files)


def debian_packages(folder: Path) -> Iterator[Package]:
    for control in sorted(folder.glob("*/*.dsc")):
        if not (control.parent / ".done").exists():
            continue
        root = next(path for path in control.parent.iterdir() if path.is_dir())
        licences = debian.Licences((root / "debian/copyright").read_text(errors="replace"))
        version = re.search(r"^Version: (.+)$", control.read_text(), re.M)[1]
        files = partial(tree, root)
        yield Package(f"debian:{control.parent.name}", version, licences.of, files)


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
