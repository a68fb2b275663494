import pytest

from debian import Licences
from licences import accepted, from_python_metadata, from_text
from maven import licence, pom_path


@pytest.mark.parametrize(
    "expression, verdict",
    [
        ("MIT", True),
        ("MIT OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("MIT/Apache-2.0", True),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", False),
        ("(GPL-2.0 OR MIT) AND BSD-3-Clause", True),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("LGPL-2.1-or-later", False),
        ("SEE LICENSE IN LICENSE.md", False),
        ("", False),
    ],
)
def test_expressions(expression, verdict):
    assert accepted(expression) is verdict


@pytest.mark.parametrize(
    "metadata, expression",
    [
        ("Name: a\nLicense-Expression: MIT OR Apache-2.0\n\ntext", "MIT OR Apache-2.0"),
        ("Name: a\nClassifier: License :: OSI Approved :: BSD License\n\n", "BSD-3-Clause"),
        ("Name: a\nLicense: Apache 2.0 License\n\n", "Apache-2.0"),
        ("Name: a\nLicense: GPLv3\n\n", "GPLv3"),
        ("Name: a\n\nLicense: MIT\n", ""),
    ],
)
def test_wheels(metadata, expression):
    assert from_python_metadata(metadata) == expression


@pytest.mark.parametrize(
    "text, name",
    [
        ("Apache License\n   Version 2.0, January 2004", "Apache-2.0"),
        ("Permission is hereby granted, free\nof charge, to any person", "MIT"),
        ("Redistribution and use in source and … Neither the name of", "BSD-3-Clause"),
        ("Redistribution and use in source and binary forms", "BSD-2-Clause"),
        ("GNU GENERAL PUBLIC LICENSE", ""),
    ],
)
def test_texts(text, name):
    assert from_text(text) == name


COPYRIGHT = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: 1999 them
License: Expat

Files: lib/*.c
       tools/gen?.py
License: BSD-3-clause or GPL-2+

Files: lib/foreign/*
License: LGPL-2.1+

License: Expat
 Permission is hereby granted
"""


@pytest.mark.parametrize(
    "path, expression",
    [
        ("a.c", "MIT"),
        ("lib/a.c", "BSD-3-Clause OR GPL-2+"),
        ("lib/deep/a.c", "BSD-3-Clause OR GPL-2+"),
        ("lib/a.h", "MIT"),
        ("tools/gen1.py", "BSD-3-Clause OR GPL-2+"),
        ("lib/foreign/a.c", "LGPL-2.1+"),
    ],
)
def test_debian_packages(path, expression):
    assert Licences(COPYRIGHT).of(path) == expression


def test_debian_prose_says_nothing():
    assert Licences("This package was made by a person.\n").of("a.c") == ""


POM = '<project xmlns="http://maven.apache.org/POM/4.0.0">{}</project>'
PARENT = "<parent><groupId>org.shop</groupId><artifactId>all</artifactId><version>1</version></parent>"
APACHE = "<license><name>The Apache License, Version 2.0</name></license>"
LGPL = "<license><name>LGPL 2.1</name></license>"


@pytest.mark.parametrize(
    "own, inherited, expression",
    [
        (f"<licenses>{APACHE}</licenses>", "", "Apache-2.0"),
        (f"<licenses>{LGPL}{APACHE}</licenses>", "", "LGPL-2.1 OR Apache-2.0"),
        (PARENT, f"<licenses>{APACHE}</licenses>", "Apache-2.0"),
        (PARENT, "", ""),
    ],
)
def test_maven_artifacts(tmp_path, own, inherited, expression):
    for name, content in [("cart", own), ("all", inherited)]:
        pom = pom_path(tmp_path, "org.shop", name, "1")
        pom.parent.mkdir(parents=True)
        pom.write_text(POM.format(content))
    assert licence(pom_path(tmp_path, "org.shop", "cart", "1"), tmp_path) == expression
