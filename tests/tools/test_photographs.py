"""The photographs of scikit-image."""

import pytest
import torch

from autograder.tools import photographs
from autograder.tools.photographs import photograph, square


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("coffee", (400, 600)),
        ("camera", (512, 512)),  # grey
        ("horse", (328, 400)),  # with transparency
        ("rocket", (427, 640)),  # a JPEG
    ],
)
def test_photographs_have_three_colours_from_0_to_1(name, shape):
    pytest.importorskip("skimage")
    found = photograph(name)
    assert found.shape == (3, *shape) and found.dtype == torch.float32
    assert 0 <= found.min() < 0.1 and 0.9 < found.max() <= 1


def test_what_is_missing_is_told(monkeypatch):
    pytest.importorskip("skimage")
    with pytest.raises(FileNotFoundError, match="no photograph 'tea'"):
        photograph("tea")
    monkeypatch.setattr(photographs, "find_spec", lambda _: None)
    with pytest.raises(ImportError, match="pip install scikit-image"):
        photograph("coffee")


def test_a_square_is_the_middle():
    picture = torch.zeros(3, 20, 60)
    picture[:, :, 20:40] = 1
    assert torch.allclose(square(picture, 10), torch.ones(3, 10, 10), atol=1e-5)
    assert square(torch.rand(3, 31, 17), 8).shape == (3, 8, 8)
