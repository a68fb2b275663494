import json

import pytest

import corpus
from benchmark import Benchmark
from corpus import Corpus, clean, clean_package, clean_rows, without_licence_header
from packages import Package

CODE = "".join(f"def times_{n}(number):\n    return {n} * number\n\n" for n in range(12))


def file(path: str, text: str):
    return path, len(text.encode()), text.encode


def package(files, name="pypi:free", licence="MIT") -> Package:
    return Package(name, "1.0", licence, lambda: iter(files))


@pytest.mark.parametrize(
    "data, result",
    [
        (CODE.encode(), (CODE, None)),
        (b"\xef\xbb\xbf" + CODE.replace("\n", "\r\n").encode(), (CODE, None)),
        (b"# \xe9\n" + CODE.encode(), ("", "not UTF-8")),
        (CODE.encode() + b"# by jo.doe@mail.example.org\n", (CODE + "# by name@example.com\n", None)),
        (b"# Copyright 1999 by us.\n" + b"# All of it.\n" * 20 + b"\nx = 1\n", ("", "small file")),
    ],
)
def test_cleaning(data, result):
    assert clean("a.py", len(data), lambda: data) == result


@pytest.mark.parametrize(
    "text, rest",
    [
        ("// Copyright 2020 The Authors.\n// All rights reserved.\n\nfn f() {}\n", "fn f() {}\n"),
        ("/*\n * Licensed under MIT\n */\npackage a;\n", "package a;\n"),
        ("# A script.\nx = 1\n", "# A script.\nx = 1\n"),
        ("x = 1  # license\n", "x = 1  # license\n"),
    ],
)
def test_licence_headers_are_dropped(text, rest):
    assert without_licence_header(text) == rest


def test_packages_are_capped():
    files = [file(f"{n}.py", f"{CODE}# file {n}\n") for n in range(4)]
    skipped = corpus.Counter()
    assert len(list(clean_rows(package(files), 2 * len(CODE) + 30, skipped))) == 2
    assert skipped == {"package cap": 2}


def test_tests_get_a_share_of_the_cap():
    files = [file(f"tests/{n}.py", CODE) for n in range(4)] + [file("a.py", CODE)]
    rows = list(clean_rows(package(files), 2 / corpus.TEST_SHARE * len(CODE), corpus.Counter()))
    assert sorted(row["path"].split("/")[0] for row in rows) == ["a.py", "tests", "tests"]


def test_licences_are_asked_for_each_file():
    licence = {"a.py": "MIT", "b.py": "GPL-3.0-only", "c.py": ""}.get
    skipped = corpus.Counter()
    rows = clean_rows(package([file(f"{n}.py", CODE) for n in "abc"], licence=licence), 1e6, skipped)
    assert [(row["path"], row["licence"]) for row in rows] == [("a.py", "MIT")]
    assert skipped == {"licence GPL-3.0-only": 1, "licence unknown": 1}


def test_a_cleaned_package_is_not_cleaned_again(tmp_path):
    path = clean_package(tmp_path, {}, package([file("a.py", CODE)]))
    assert clean_package(tmp_path, {}, package([])) == path
    row, last = map(json.loads, path.read_text().splitlines())
    assert (row["text"], row["language"], last) == (CODE, "python", {"skipped": {}})


def test_held_out_text_never_trains(tmp_path):
    packages = {
        "pypi:fork": CODE.replace("times_3", "thrice"),
        "pypi:copy": CODE.replace("    ", "\t"),
        "pypi:other": CODE.replace("return", "yield from").replace("number", "values"),
        "pypi:held": CODE,
    }
    paths = [
        (name, clean_package(tmp_path, {}, package([file("a.py", text)], name)))
        for name, text in packages.items()
    ]
    paths = corpus.held_out_first(paths, {"pypi:held"})
    measured = [corpus.measures(Benchmark(None), path) for _, path in paths]
    chosen = Corpus({"pypi:held"})
    rows = list(chosen.documents(paths, measured))
    splits = [(row["package"], row["split"]) for row in rows]
    assert splits == [("pypi:held", "held_out"), ("pypi:other", "train")]
    assert chosen.skipped == {"near-duplicate": 1, "duplicate": 1}
    assert {name: size["files"] for name, size in chosen.sizes.items()} == {
        "held_out python": 1,
        "train python": 1,
    }


def test_files_are_replaced_together(tmp_path):
    corpus.write(iter([{"path": "a.py", "text": "x"}]), tmp_path)
    assert json.loads((tmp_path / "documents.jsonl").read_text()) == {"path": "a.py", "text": "x"}
    assert json.loads((tmp_path / "provenance.jsonl").read_text()) == {"path": "a.py"}
    with pytest.raises(ZeroDivisionError):
        corpus.write((1 / 0 for _ in "a"), tmp_path)
    assert (tmp_path / "documents.jsonl").read_text() != ""
