import pytest

from autograder.assignment.keys import hidden_key, visible_key
from autograder.assignment.source import SourceError
from autograder.assignment.validation import read_source
from autograder.checks.key import VISIBLE_SEEDS

SEEDS = {"softmax": [101, 102, 103]}


@pytest.fixture
def source_of(make_course, demo_files):
    def read(*pairs, mistakes=True):
        text = demo_files["demo.py"]
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new)
        files = {"demo.py": text, "mistakes.toml": demo_files["mistakes.toml"] if mistakes else ""}
        return read_source(make_course({"demo": files}).source_path("demo"))

    return read


@pytest.fixture
def demo(source_of):
    return source_of()


def cases(key):
    return [(case.probe, case.index) for case in key.exercises["softmax"].cases]


def test_the_visible_key_has_public_seeds_and_visible_probes(demo):
    key = visible_key(demo)
    assert cases(key) == [("rows", i) for i in range(len(VISIBLE_SEEDS))]
    assert (key.assignment, key.written) == ("demo", {"why_shift": 2})
    assert key.exercises["softmax"].points == 3


def test_the_hidden_key_has_every_probe_and_seed(demo):
    key = hidden_key(demo, SEEDS)
    assert cases(key) == [(probe, i) for probe in ("rows", "large") for i in range(3)]


def expected(key, case):
    (found,) = [c for c in key.exercises["softmax"].cases if (c.probe, c.index) == case]
    return found.expected.value.values.tolist()


def test_expected_numbers_depend_on_the_seed_only(demo):
    first, second = (hidden_key(demo, {"softmax": seeds}) for seeds in ([7, 8], [8, 7]))
    assert expected(first, ("rows", 0)) == expected(second, ("rows", 1))
    assert expected(first, ("rows", 0)) != expected(first, ("rows", 1))


def test_weights_of_a_probe_are_shared_by_its_seeds(source_of):
    weighted = ("def rows", "@probe(weight=3)\ndef rows"), ("Rng, check", "Rng, check, probe")
    found = hidden_key(source_of(*weighted), SEEDS).exercises["softmax"].cases
    assert [case.weight for case in found] == [1, 1, 1] + [pytest.approx(1 / 3)] * 3


def test_mistakes_have_names_in_the_hidden_key_only(demo):
    hidden, visible = hidden_key(demo, SEEDS), visible_key(demo)
    assert [m.name for m in hidden.exercises["softmax"].mistakes] == ["wrong_axis", "overflow"]
    assert [m.name for m in visible.exercises["softmax"].mistakes] == [""]
    assert all(len(m.outcomes) == 6 for m in hidden.exercises["softmax"].mistakes)


def test_mistakes_that_visible_cases_accept_are_left_out_of_the_visible_key(demo):
    (kept,) = visible_key(demo).exercises["softmax"].mistakes
    assert kept.says == "The rows must sum to 1, not the columns."


@pytest.mark.parametrize(
    "pairs, problem",
    [
        ([("    return e /", "    raise KeyError('x')\n    return e /")], "15: .* KeyError: 'x'"),
        ([("    return e /", "    x += 1\n    return e /")], "15: .*changes its input in place"),
        ([("softmax, rows)\n", "softmax)\n")], "24: no probe outside the hidden tests"),
        ([("def large", "def rows"), (", large)", ", rows)")], "24: two probes are .*'rows'"),
    ],
)
def test_what_makes_no_key_is_refused_with_its_line(source_of, pairs, problem):
    source = source_of(*pairs, mistakes=False)
    with pytest.raises(SourceError, match=rf"demo\.py:{problem}"):
        hidden_key(source, SEEDS), visible_key(source)


def test_a_check_that_is_hidden_altogether_is_refused(source_of):
    begin = "### BEGIN HIDDEN TESTS\n"
    source = source_of((begin, ""), ("def rows", begin + "def rows"))
    with pytest.raises(SourceError, match=r"demo\.py:24: no probe outside the hidden tests"):
        visible_key(source)
