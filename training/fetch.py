"""Download the packages of `sources.toml` into WORK/sources with the ordinary clients.

Nothing of a package is run: wheels are unpacked, npm scripts are off, crates are vendored, Maven
artifacts are their `-sources` jars, Debian packages are unpacked source packages. An ecosystem
whose list has not changed is not fetched again. With `--held-out` only the packages that are never
trained on, which is a minute's work: enough to measure a model.
"""

import hashlib
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

from work import SOURCES, parser


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--held-out", action="store_true", help="those that never train, only")
    args = arguments.parse_args()
    manifest = load_manifest()
    for ecosystem, fetch in FETCH.items():
        folder = args.work / "sources" / ecosystem
        packages = manifest[ecosystem]
        if fetched(folder) == digest(packages):
            continue
        if args.held_out:
            packages = held_out(ecosystem, manifest)
            if fetched(folder) == digest(packages):
                continue
        print(f"fetching {len(packages)} packages: {ecosystem}", flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        fetch(folder, packages)
        (folder / ".done").write_text(digest(packages))


def load_manifest() -> dict:
    """`sources.toml`: `held_out`, `excluded`, `caps` and, by ecosystem, names to versions."""
    return tomllib.loads(SOURCES.read_text())


def held_out(ecosystem: str, manifest: dict) -> dict[str, str]:
    """Those of its packages that never train. A Maven artifact goes by its last part."""
    return {
        name: version
        for name, version in manifest[ecosystem].items()
        if f"{ecosystem}:{name.split(':')[-1]}" in manifest["held_out"]
    }


def fetched(folder: Path) -> str:
    """The digest of the list that `folder` holds, empty if it isn't complete."""
    done = folder / ".done"
    return done.read_text() if done.exists() else ""


def digest(packages: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(packages, sort_keys=True).encode()).hexdigest()


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
    """The `-sources` jars, with the POMs that say their licences, as a Maven repository."""
    dependencies = "".join(
        "<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version>"
        "<classifier>sources</classifier><exclusions><exclusion><groupId>*</groupId>"
        "<artifactId>*</artifactId></exclusion></exclusions></dependency>".format(
            *name.split(":"), version
        )
        for name, version in packages.items()
    )
    (folder / "pom.xml").write_text(
        "<project><modelVersion>4.0.0</modelVersion><groupId>sources</groupId>"
        "<artifactId>sources</artifactId><version>0</version>"
        f"<dependencies>{dependencies}</dependencies></project>"
    )
    run(["mvn", "-q", "-B", "dependency:resolve", f"-Dmaven.repo.local={folder}/m2"], folder)


def fetch_go(folder: Path, packages: dict[str, str]) -> None:
    """Module sources; `modules.json` lists them as the client does, with their folders."""
    environment = os.environ | {"GOMODCACHE": str(folder / "mod"), "GOFLAGS": "-modcacherw"}
    modules = [f"{name}@{version}" for name, version in packages.items()]
    command = ["go", "mod", "download", "-json", *modules]
    with open(folder / "modules.json", "w") as listing:
        subprocess.run(command, cwd=folder, env=environment, check=True, stdout=listing)


def fetch_debian(folder: Path, packages: dict[str, str]) -> None:
    """Source packages, each in a folder of its name, without touching the system's apt lists."""
    apt = private_apt(folder)
    run([*apt, "update", "-qq"], folder)
    for name, version in packages.items():
        target = folder / name
        if (target / ".done").exists():
            continue
        target.mkdir(exist_ok=True)
        try:
            run([*apt, "source", "-qq", "--only-source", f"{name}={version}"], target)
            (target / ".done").touch()
        except subprocess.CalledProcessError:
            print(f"skipped {name} {version}: the archive does not have it")


def private_apt(folder: Path) -> list[str]:
    """apt-get with source lists of its own."""
    (folder / "lists/partial").mkdir(parents=True, exist_ok=True)
    keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
    (folder / "sources.list").write_text(
        f"deb-src [signed-by={keyring}] http://deb.debian.org/debian bookworm main\n"
    )
    places = {"Etc::SourceList": "sources.list", "State::Lists": "lists"}
    options = [f"-oDir::{key}={folder / name}" for key, name in places.items()]
    return ["apt-get", *options, "-oDir::Etc::SourceParts=-"]


def run(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)


FETCH = {
    "pypi": fetch_pypi,
    "npm": fetch_npm,
    "crates": fetch_crates,
    "maven": fetch_maven,
    "go": fetch_go,
    "debian": fetch_debian,
}

if __name__ == "__main__":
    main()
