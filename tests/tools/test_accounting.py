"""Counts of a model: against ones made by hand."""

import torch
from torch import Tensor, nn

from autograder.tools.accounting import Counts, counts, side_by_side


class Twice(nn.Module):
    """One matrix used two times: x W, then (x W) W."""

    def __init__(self) -> None:
        super().__init__()
        self.matrix = nn.Parameter(torch.randn(4, 4))

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.matrix @ self.matrix


def test_a_linear_layer_by_hand():
    found = counts(nn.Linear(6, 5), torch.randn(3, 6))
    assert found == Counts(parameters=6 * 5 + 5, flops=2 * 3 * 6 * 5, saved_bytes=4 * 3 * 6)


def test_a_shared_matrix_counts_once_and_its_products_twice():
    found = counts(Twice(), torch.randn(3, 4))
    assert found == Counts(parameters=16, flops=2 * 2 * 3 * 4 * 4, saved_bytes=2 * 4 * 3 * 4)


def test_what_two_operations_keep_counts_once():
    alone = counts(nn.Sequential(nn.Linear(4, 4), nn.Sigmoid()), torch.randn(2, 4))
    assert alone.saved_bytes == 4 * 2 * 4 + 4 * 2 * 4  # the input, and what the sigmoid returned


def test_weights_of_attention_are_kept():
    layer = nn.MultiheadAttention(8, 2, batch_first=True)

    def call(n: int) -> int:
        x = torch.randn(1, n, 8)
        return counts(layer, x, x, x).saved_bytes

    assert call(64) > 3 * call(16) and call(256) > 12 * call(64)  # 2 n² of them, not n


def test_the_table_has_both_and_their_ratio():
    table = side_by_side({"parameters": 70, "flops": 180}, Counts(35, 180, 72)).data
    assert "| parameters | 70 | 35 | 2.000 |" in table and "| flops | 180 | 180 | 1.000 |" in table
    assert "saved bytes" not in table
