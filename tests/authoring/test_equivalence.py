import pytest

from autograder.authoring.equivalence import canonical

SAME = [
    ("f(a)  # first", "f( a )"),
    ("x.transpose(1, 2)", "x.transpose(2, 1)"),
    ("x.transpose(-2, -1)", "x.transpose(-1, -2)"),
    ("torch.transpose(x, 0, 1)", "torch.transpose(x, 1, 0)"),
    ("x.swapaxes(0, 2)", "x.swapaxes(2, 0)"),
    ("x.swapdims(0, 2)", "x.swapdims(2, 0)"),
    ("max(w * z, 0.0)", "max(0.0, w * z)"),
    ("min(a, b, c)", "min(a, c, b)"),
    ("torch.maximum(a, b)", "torch.maximum(b, a)"),
    ("torch.minimum(a, b)", "torch.minimum(b, a)"),
    ("F.cosine_similarity(a, b, dim=-1)", "F.cosine_similarity(b, a, dim=-1)"),
    ("{a, b}", "{b, a}"),
    ("zip(a, b, strict=True)", "zip(a, b)"),
    ("j % 2 == 0", "j % 2 <= 0"),
    ("x.mean(dim=-1, keepdim=True)", "x.mean(-1, keepdim=True)"),
    ("f(j % 2 == 0)[max(a, b)]", "f(j % 2 <= 0)[max(b, a)]"),
]
DIFFERENT = [
    ("f(a, b)", "f(b, a)"),
    ("x.permute(1, 2)", "x.permute(2, 1)"),
    ("x.transpose(1, 2, 0)", "x.transpose(1, 0, 2)"),  # numpy's permutation of three axes
    ("x.transpose(i, j)", "x.transpose(i, k)"),
    ("x.max(0, True)", "x.max(True, 0)"),
    ("F.cosine_similarity(a, b, 1)", "F.cosine_similarity(a, 1, b)"),
    ("torch.maximum(a, b)", "torch.minimum(a, b)"),
    ("[a, b]", "[b, a]"),
    ("f(a, b, strict=True)", "f(a, b)"),
    ("x.norm(dim=1)", "x.norm(1)"),
    ("x.mean(dim=0)", "x.mean(1)"),
    ("j == 0", "j <= 0"),
    ("j % 2 == 0", "j % 2 >= 0"),
    ("j % 2 == 1", "j % 2 <= 1"),
    ("j % -2 == 0", "j % -2 <= 0"),
    ("j % n == 0", "j % n <= 0"),
    ("beta = 20.0", "beta = 30.0"),
]


@pytest.mark.parametrize("a, b", SAME)
def test_these_are_the_same_code(a, b):
    assert canonical(a) == canonical(b)


@pytest.mark.parametrize("a, b", DIFFERENT)
def test_these_are_not(a, b):
    assert canonical(a) != canonical(b)


@pytest.mark.parametrize("value, same", [(10, True), (20.0, True), (30, True), (9.9, False)])
def test_a_free_constant_may_have_any_value_in_its_range(value, same):
    free = {"beta": (10, 30)}
    assert (canonical(f"beta = {value}", free) == canonical("beta = 25.0", free)) is same
    assert canonical(f"gamma = {value}", free) != canonical("gamma = 25.0", free)


def test_what_is_no_python_has_no_code():
    assert canonical("return return") is None
