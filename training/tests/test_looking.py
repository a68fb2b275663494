import random
import xml.etree.ElementTree as ElementTree

import pytest

from evaluate import Case
from plot import drawn


@pytest.mark.parametrize("seed", range(20))
def test_a_case_is_a_document_less_the_rest_of_a_line(seed):
    text = "a\n\n    return width * height\n  }\n"
    case = Case({"path": "box.py", "text": text}, random.Random(seed))
    lines = case.text.split("\n")
    _, line, column = case.place.split(":")
    assert (line, len(lines[2]) + 1) == ("3", int(column))
    assert lines[2] + case.wanted == "    return width * height"
    assert len(case.wanted) >= 4 and lines[2].startswith("    ")


def test_a_picture_shows_every_measurement():
    lines = [{"tokens": 10**6, "loss": 3.0}]
    lines += [{"tokens": n * 10**6, "bits_per_byte": 3 / n, "answer_bits_per_byte": 2 / n} for n in (1, 4, 9)]
    picture = ElementTree.fromstring(drawn(lines))
    curves = picture.findall("{http://www.w3.org/2000/svg}polyline")
    heights = [[float(point.split(",")[1]) for point in curve.get("points").split()] for curve in curves]
    assert len(heights) == 2 and all(sorted(ys) == ys and len(ys) == 3 for ys in heights)
