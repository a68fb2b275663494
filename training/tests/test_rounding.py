import gguf
import numpy as np
import pytest
import torch

from rounding import ROUNDINGS


@pytest.mark.parametrize("kind", ["q8_0", "q4_0"])
def test_training_rounds_as_the_file_does(kind):
    torch.manual_seed(0)
    weight = torch.randn(64, 96) * torch.rand(64, 1)
    weight[3] = 0.0
    type_ = gguf.GGMLQuantizationType[kind.upper()]
    written = gguf.dequantize(gguf.quantize(weight.numpy(), type_), type_)
    assert np.array_equal(ROUNDINGS[kind](weight).numpy(), written)
