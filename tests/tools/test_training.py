import pytest
import torch
from torch import nn

from autograder.tools.training import fit


@pytest.mark.parametrize("options, norm", [({}, 50.0), ({"clip": 0.5}, 0.5), ({"clip": 60}, 50.0)])
def test_a_gradient_is_scaled_down_to_the_clip_and_never_up(options, norm):
    model = nn.Linear(2, 1, bias=False)
    fit(model, lambda: model(torch.tensor([30.0, 40.0])).sum(), steps=2, **options)
    assert model.weight.grad.norm().item() == pytest.approx(norm, rel=1e-4)
