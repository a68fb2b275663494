"""Licences of Maven artifacts, as their POMs or those of their parents say."""

import re
from pathlib import Path
from xml.etree import ElementTree

from licences import spelled

NAMESPACE = {"m": "http://maven.apache.org/POM/4.0.0"}


def licence(pom: Path, repository: Path) -> str:
    """The SPDX expression; several licences are for the user to choose from."""
    while pom.exists():
        project = ElementTree.parse(pom).getroot()
        nodes = project.findall("m:licenses/m:license/m:name", NAMESPACE)
        names = [node.text or "" for node in nodes]
        if names:
            return " OR ".join(re.sub(r"\s+", "-", spelled(name.strip())) for name in names)
        parent = project.find("m:parent", NAMESPACE)
        if parent is None:
            return ""
        coordinates = (text(parent, key) for key in ("groupId", "artifactId", "version"))
        pom = pom_path(repository, *coordinates)
    return ""


def pom_path(repository: Path, group: str, artifact: str, version: str) -> Path:
    return repository / group.replace(".", "/") / artifact / version / f"{artifact}-{version}.pom"


def text(node: ElementTree.Element, key: str) -> str:
    return (node.findtext(f"m:{key}", "", NAMESPACE)).strip()
