"""Keys: the reference's numbers, and those of every known mistake."""

import pytest

from autograder.assignment.keys import DRAWS, hidden_key, visible_key
from autograder.assignment.mistakes import read_mistakes
from autograder.assignment.source import SourceError
from autograder.assignment.trial import load_with, specs_of, trial
from autograder.assignment.validation import read_source
from autograder.checks.key import VISIBLE_SEEDS


def seeds_of(exercise, draw):
    return [101 + 3 * draw, 102 + 3 * draw, 103 + 3 * draw]


def always(*seeds):
    return lambda exercise, draw: list(seeds)


@pytest.fixture
def source_of(make_course, demo_files):
    def read(*edits, mistakes=True):
        files = dict(demo_files) if mistakes else {**demo_files, "mistakes.toml": ""}
        for name, old, new in edits:
            assert old in files[name]
            files[name] = files[name].replace(old, new)
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
    key = hidden_key(demo, seeds_of)
    assert cases(key) == [(probe, i) for probe in ("rows", "large") for i in range(3)]


def expected(key, case):
    (found,) = [c for c in key.exercises["softmax"].cases if (c.probe, c.index) == case]
    return found.expected.value.values.tolist()


def test_expected_numbers_depend_on_the_seed_only(demo):
    first, second = (hidden_key(demo, always(*seeds)) for seeds in ([7, 8], [8, 7]))
    assert expected(first, ("rows", 0)) == expected(second, ("rows", 1))
    assert expected(first, ("rows", 0)) != expected(first, ("rows", 1))


def test_weights_of_a_probe_are_shared_by_its_seeds(source_of):
    weighted = source_of(("checks.py", '@probe("softmax")', '@probe("softmax", weight=3)'))
    found = hidden_key(weighted, seeds_of).exercises["softmax"].cases
    assert [case.weight for case in found] == [1, 1, 1] + [pytest.approx(1 / 3)] * 3


def test_mistakes_are_in_the_hidden_key_only(demo):
    hidden, visible = hidden_key(demo, seeds_of), visible_key(demo)
    assert [m.name for m in hidden.exercises["softmax"].mistakes] == ["wrong_axis", "overflow"]
    assert all(len(m.outcomes) == 6 for m in hidden.exercises["softmax"].mistakes)
    assert visible.exercises["softmax"].mistakes == ()


BEFORE = "    return e /"
RAISES = ("demo.py", BEFORE, "    raise KeyError('x')\n" + BEFORE)
IN_PLACE = ("demo.py", BEFORE, "    x.data += 1\n" + BEFORE)
WRONG = {
    "it raises": (RAISES, "the reference fails its own check: KeyError: 'x'"),
    "it changes its input": (IN_PLACE, "the reference fails its own check: changes its input"),
}


UNUSABLE = {
    "a law that raises": ("law", "value.nothing", r"\(AttributeError\): 'Tensor' object has no"),
    "a law that says yes": ("law", "True", "a law returns what is wrong, or None, and not a bool"),
    "a law without words": (
        "law",
        "value",
        "a law returns what is wrong, or None, and not a Tensor",
    ),
    "a reading of nothing": ("read", "None", r"checks\.py:\d+: rows of 'softmax' gives nothing to"),
    "a reading that raises": ("read", "value.nothing", r"has no attribute 'nothing' \(in rows\)"),
}


@pytest.mark.parametrize("word, said, problem", UNUSABLE.values(), ids=UNUSABLE)
def test_readings_and_laws_that_cannot_be_used_are_refused(source_of, word, said, problem):
    end = "    return call(rng.normal(3, 5))\n"
    more = f"{end}\n\n@rows.{word}\ndef _(value, asked):\n    return {said}\n"
    source = source_of(("checks.py", end, more), mistakes=False)
    with pytest.raises(SourceError, match=problem):
        visible_key(source)


@pytest.mark.parametrize("edit, problem", WRONG.values(), ids=WRONG)
def test_a_reference_that_fails_is_refused_with_its_line(source_of, edit, problem):
    source = source_of(edit, mistakes=False)
    for make in (lambda: hidden_key(source, seeds_of), lambda: visible_key(source)):
        with pytest.raises(SourceError, match=rf"demo\.py:15: {problem}"):
            make()


WRONG_ALTERNATIVE = """\
# %% the right one alternative="softmax"
return torch.softmax(x, -1)

# %% other axis alternative="softmax"
return torch.softmax(x, 0)
"""


def test_an_alternative_that_fails_is_refused_with_its_line(make_course, demo_files):
    course = make_course({"demo": {**demo_files, "alternatives.py": WRONG_ALTERNATIVE}})
    rejected = r"alternatives\.py:4: softmax: 'other axis' is rejected"
    with pytest.raises(SourceError, match=rejected):
        hidden_key(read_source(course.source_path("demo")), seeds_of)


NEARLY = """\
# %% nearly at the limit alternative="softmax"
return torch.softmax(x, -1) * (1 + 1.4e-5)
"""
LUCKY = """\
# %% right for some seeds alternative="softmax"
return torch.softmax(x, -1) + (x.flatten()[0] {} 0) * (x.max() < 10)
"""


def by_sign(source):
    """Seeds under which the first number has the sign that it has under the public one, others, and
    the comparison that says of the others."""
    probe = specs_of(source)["softmax"].probes["rows"]
    positive = {s: bool(probe.inputs(s).arguments[0].flatten()[0] > 0) for s in range(1, 40)}
    public = positive[VISIBLE_SEEDS[0]]
    alike, others = ([s for s in positive if positive[s] is sign] for sign in (public, not public))
    return alike, others, "<" if public else ">"


def test_seeds_are_drawn_again_where_a_right_answer_is_unlucky(make_course, demo_files, demo):
    good, bad, wrong = by_sign(demo)
    course = make_course({"demo": {**demo_files, "alternatives.py": LUCKY.format(wrong)}})
    source = read_source(course.source_path("demo"))
    key = hidden_key(source, lambda exercise, draw: bad[:1] if draw == 0 else good[:1])
    assert key.exercises["softmax"].seeds == (good[0],)


def test_a_right_answer_that_is_always_near_the_limit_is_refused(make_course, demo_files):
    course = make_course({"demo": {**demo_files, "alternatives.py": NEARLY}})
    drawn = []
    with pytest.raises(SourceError, match=r"alternatives\.py:1: softmax: 'nearly at the limit' is"):
        hidden_key(
            read_source(course.source_path("demo")),
            lambda exercise, draw: drawn.append(draw) or seeds_of(exercise, draw),
        )
    assert drawn == [*range(DRAWS)]


SAYS = '[softmax]\nfound.says = "Found."\nfound."return e / e.sum(-1, keepdim=True)" = "{}"\n'
BY_LUCK = "return e / e.sum(-1, keepdim=True) + (x.flatten()[0] {} 0)"
UNCERTAIN = "return 1.00003 * e / e.sum(-1, keepdim=True)"


def mistaken(source_of, demo_files, answer):
    return source_of(("mistakes.toml", demo_files["mistakes.toml"], SAYS.format(answer)))


def test_seeds_are_drawn_again_where_a_mistake_passes_by_luck(source_of, demo_files, demo):
    """What it fails under the public seed, it fails under all."""
    alike, others, of_others = by_sign(demo)
    fails = {"<": ">", ">": "<"}[of_others]
    source = mistaken(source_of, demo_files, BY_LUCK.format(fails))
    draws = [[*alike[:2], others[0]], others[:3], alike[:3]]
    key = hidden_key(source, lambda exercise, draw: draws[draw])
    assert key.exercises["softmax"].seeds == tuple(alike[:3])


def test_a_mistake_that_nearly_passes_is_refused_with_the_line_of_its_probe(source_of, demo_files):
    source = mistaken(source_of, demo_files, UNCERTAIN)
    with pytest.raises(SourceError, match=r"checks\.py:\d+: softmax\.found nearly passes in rows"):
        hidden_key(source, seeds_of)


FREE = '\n\n\nfrom autograder.checks.spec import free\n\nfree("softmax", scale=(1, 2))\n\n\n@probe'


def test_an_end_of_a_free_range_that_fails_is_refused_with_the_line_of_the_solution(source_of):
    scaled = "    scale = 1.0\n    return scale * e / "
    edits = ("demo.py", "    return e / ", scaled), ("checks.py", "\n\n\n@probe", FREE)
    with pytest.raises(SourceError, match=r"demo\.py:15: softmax: 'scale = 2' is rejected"):
        hidden_key(source_of(*edits, mistakes=False), seeds_of)


RIGHT = "def softmax(x):\n    return x.softmax(-1)"


def score(source, key, solution, seeds):
    tried = trial(source, load_with(source, solution), "softmax")
    return tried.judge(key.exercises["softmax"], tried.observe(seeds), seeds).score


def test_what_golden_answers_earn_depends_on_no_secret(demo):
    """Or tests that grade them would fail by luck; of 40 secrets none makes a difference."""
    answers = {mistake.name: mistake.solution for mistake in read_mistakes(demo)}
    for first in range(40):
        seeds = [3 * first + index for index in range(3)]
        key = hidden_key(demo, always(*seeds))
        earned = {name: score(demo, key, text, seeds) for name, text in answers.items()}
        assert earned == {"wrong_axis": 0.0, "overflow": 1.5}, seeds
        assert score(demo, key, RIGHT, seeds) == 3.0, seeds
