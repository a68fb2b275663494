"""Download the packages of `sources.toml` into WORK/sources with the ordinary clients.

Nothing of a package is run: wheels are unpacked, npm scripts are off, crates are vendored,
Maven artifacts are their `-sources` jars. A finished ecosystem is not fetched again.
"""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

from work import SOURCES, parse_work


def main() -> None:
    root = parse_work(__doc__) / "sources"
    manifest = load_manifest()
    for ecosystem, fetch in FETCH.items():
        folder = root / ecosystem
        if (folder / ".done").exists():
            continue
        print(f"fetching {len(manifest[ecosystem])} packages: {ecosystem}", flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        fetch(folder, manifest[ecosystem])
        (folder / ".done").touch()


def load_manifest() -> dict:
    """The parsed `sources.toml`: `held_out`, `excluded` and, by ecosystem, names to versions."""
    return tomllib.loads(SOURCES.read_text())


def fetch_pypi(folder: Path, packages: dict[str, str]) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile"]
    pins = [f"{name}=={version}" for name, version in packages.items()]
    run([*pip, "--only-binary=:all:", "--upgrade", "--target", ".", *pins], folder)


def fetch_npm(folder: Path, packages: dict[str, str]) -> None:
    manifest = {"private": True, "dependencies": packages}
    (folder / "package.json").write_text(json.dumps(manifest))
    run(["npm", "install", "--ignore-scripts", "--legacy-peer-deps", "--silent"], folder)


def fetch_crates(folder: Path, packages: dict[str, str]) -> None:
    lines = ['[package]\nname = "sources"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]']
    lines += [f'{name} = "={version}"' for name, version in packages.items()]
    (folder / "Cargo.toml").write_text("\n".join(lines))
    (folder / "src").mkdir(exist_ok=True)
    (folder / "src/lib.rs").touch()
    run(["cargo", "vendor", "--quiet", "--versioned-dirs"], folder)


def fetch_maven(folder: Path, packages: dict[str, str]) -> None:
    dependencies = "".join(
        "<dependency><groupId>{}</groupId><artifactId>{}</artifactId>"
        "<version>{}</version></dependency>".format(*name.split(":"), version)
        for name, version in packages.items()
    )
    (folder / "pom.xml").write_text(
        "<project><modelVersion>4.0.0</modelVersion><groupId>sources</groupId>"
        "<artifactId>sources</artifactId><version>0</version>"
        f"<dependencies>{dependencies}</dependencies></project>"
    )
    run(
        ["mvn", "-q", "-B", "dependency:copy-dependencies", "-Dclassifier=sources"]
        + ["-DexcludeTransitive=true", "-DoutputDirectory=jars"],
        folder,
    )


def run(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)


FETCH = {
    "pypi": fetch_pypi,
    "npm": fetch_npm,
    "crates": fetch_crates,
    "maven": fetch_maven,
}

if __name__ == "__main__":
    main()
