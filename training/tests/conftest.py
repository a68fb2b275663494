"""A small tokenizer and model that the tests share."""

import pytest

import tokenizer
from model import Config

SOURCE = """\
import os

def area(width, height):
    # The area of a rectangle.
    return width * height

class Box:
    def __init__(self, width, height):
        self.width = width
        self.height = height

    def area(self):
        return area(self.width, self.height)
"""


@pytest.fixture(scope="session")
def text_tokenizer() -> tokenizer.TextTokenizer:
    return tokenizer.train(iter([SOURCE, "naïve = 'é'\n", "<|fim_prefix|>\n"] * 3), size=400)


@pytest.fixture
def config(text_tokenizer) -> Config:
    return Config(
        vocabulary=text_tokenizer.size,
        width=64, layers=2, heads=4, kv_heads=2, head_width=32, hidden=96, context=128,
    )  # fmt: skip
