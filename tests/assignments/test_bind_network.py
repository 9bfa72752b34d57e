"""The bind_network assignment beyond what all assignments have in common."""

from pathlib import Path

import pytest
import torch

from autograder.assignment.trial import load
from autograder.assignment.validation import read_source
from autograder.tools.accounting import counts

LAB = load(read_source(Path(__file__).parents[2] / "solutions/bind_network/bind_network.py"))


@pytest.mark.parametrize("batch, image_dim, d", [(1, 5, 8), (7, 64, 16)])
def test_the_formulas_count_what_a_profiler_counts(batch, image_dim, d):
    counted = counts(LAB.BindNetwork(image_dim, d, LAB.llama_block), torch.randn(batch, image_dim))
    costs = LAB.batch_costs(batch, image_dim, d, 4 * d)
    assert LAB.parameter_count(image_dim, d, 4 * d) == counted.parameters
    assert costs["flops"] == counted.flops
    norms = 3 * batch * (2 * d + 1)  # of the reference: its input, the normed vector, the root
    assert 4 * (costs["kept"] + norms) == pytest.approx(counted.saved_bytes, rel=0.02)


def test_the_changes_of_the_ablation_change_one_thing():
    torch.manual_seed(0)
    x, block = 3 * torch.randn(5, 8), LAB.llama_block(8)
    sizes = [
        sum(p.numel() for p in make(8).parameters()) for make in (LAB.llama_block, LAB.without_gate)
    ]
    assert sizes[0] == sizes[1]
    changed = LAB.normalised_residual(8)
    changed.load_state_dict(
        dict(zip(changed.state_dict(), block.state_dict().values(), strict=True))
    )
    assert torch.allclose(changed(x), block(x) - x + block.norm(x), atol=1e-5)
    assert torch.allclose(LAB.without_norm(8)(0 * x), 0 * x)


def test_least_squares_predict_what_is_linear():
    images, new = torch.randn(50, 3), torch.randn(4, 3)
    matrix = torch.randn(3, 96)
    assert torch.allclose(
        LAB.least_squares(images, 2 + images @ matrix, new), 2 + new @ matrix, atol=1e-4
    )
