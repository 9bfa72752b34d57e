"""Making a student's questions: explore, change, ask, and prove each key in another process."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from autograder.assignment.cells import Kind, name_of
from autograder.checks.key import VISIBLE_SEEDS
from autograder.checks.text.cell_texts import UNSOLVED
from autograder.grading.submission import Grader, Submission
from autograder.questions.asks import Ask
from autograder.questions.changes import Change, mutants, rewritten
from autograder.questions.code import Code, UnreadableError, code_of
from autograder.questions.equivalents import equivalents
from autograder.questions.experiments import Laboratory, Outcome, Version
from autograder.questions.exploring import LARGEST_SEED, Explored, explore, verdict_on
from autograder.questions.kinds import reaching, returned, same_results, values
from autograder.questions.kinds.same_results import Tried, difference, keeps_all
from autograder.questions.near_misses import near_misses
from autograder.questions.question import Draft, Question

TOGETHER = 3  # exercises that are explored at a time
SPARE = 4  # questions that are kept beyond those that are asked, so that classmates get others
LINES, EQUIVALENTS, BROKEN, OTHERS = 2, 2, 7, 26  # changes that are tried of one exercise
SMALL_CALLS = 4
CHANCE = 1.5  # beside the ranks of drafts, which are about 5
CLEAR = 1e-3  # error from which on nobody takes other results for rounding
NONE = "no exercise is written"


@dataclass
class Made:
    """A student's questions, the best first, and why there are not more.

    `refuted` is for how many another process found no key, or another one; they are left out.
    """

    questions: list[Question] = field(default_factory=list)
    told: str = ""
    refuted: int = 0


def make_questions(
    grader: Grader,
    submission: Submission,
    rng: random.Random,
    count: int,
    exercises: Sequence[str] = (),
) -> Made:
    """Questions about the exercises of a submission, or about some. Raises SubmissionError."""
    found, problems = codes_in(grader, submission, exercises)
    if not found:
        return Made(told="; ".join(problems) or NONE)
    laboratory, drafts = Laboratory(grader, submission), list[Draft]()
    rng.shuffle(found)
    for at in range(0, len(found), TOGETHER):
        drafts += _drafts(grader, laboratory, found[at : at + TOGETHER], rng)
        if _are_enough(drafts, count + SPARE):
            break
    chosen = _chosen(drafts, count + SPARE, rng)
    proved = _proved(laboratory, chosen)
    short = "" if len(proved) >= count else f"{len(proved)} of {count} questions found"
    return Made(proved, short, len(chosen) - len(proved))


def _are_enough(drafts: Sequence[Draft], count: int) -> bool:
    """Whether there is something to choose from: of different kinds, on different exercises."""
    kinds = {each.question.kind for each in drafts}
    exercises = {each.question.exercise for each in drafts}
    return len(drafts) >= 2 * count and len(kinds) > 2 and len(exercises) > 1


def codes_in(
    grader: Grader, submission: Submission, exercises: Sequence[str]
) -> tuple[list[Code], list[str]]:
    """The written exercises of a submission, and what keeps others from being asked about."""
    found, problems = [], []
    source = grader.verifier.source
    for cell in submission.repaired.notebook.cells:
        name = name_of(cell)
        if name is None or name.kind is not Kind.SOLUTION or UNSOLVED in cell.source:
            continue
        if name.name in source.checks and (not exercises or name.name in exercises):
            try:
                found.append(code_of(name.name, source.subjects[name.name], cell.source))
            except UnreadableError as error:
                problems.append(f"{name.name}: {error}")
    return found, problems


def _drafts(
    grader: Grader, laboratory: Laboratory, codes: Sequence[Code], rng: random.Random
) -> list[Draft]:
    """All that can be asked about some exercises."""
    explored = explore(laboratory, grader.verifier, codes, rng)
    plans = [_Changes(each, rng) for each in explored if each.answered or each.verdict.passed]
    outcomes = iter(laboratory.run([version for plan in plans for version in plan.versions]))
    drafts: list[Draft] = []
    for plan in plans:
        judge = _judge(plan, grader, laboratory)
        drafts += values.drafts(plan.explored, rng)
        drafts += plan.drafts([next(outcomes) for _ in plan.versions], judge)
    return drafts


Judge = Callable[[Change, Outcome, Outcome], str]


def _judge(plan: "_Changes", grader: Grader, laboratory: Laboratory) -> Judge:
    """What a change breaks, in a sentence; empty where the exercise's cases accept it."""

    def judge(change: Change, before: Outcome, after: Outcome) -> str:
        found = difference(before, after, len(VISIBLE_SEEDS))
        if found.error < CLEAR:
            return ""
        if not plan.explored.verdict.passed:
            return f"{change.why} {found.said}".strip()
        verdict = verdict_on(plan.code, after, grader.verifier, laboratory, change.text)
        if verdict.passed:
            return ""
        known = verdict.diagnosis if verdict.mistake else ""
        return f"{change.why or known} The check then fails: {verdict.feedback}.".strip()

    return judge


class _Changes:
    """The changes of one exercise that are tried, and what is asked of each."""

    def __init__(self, explored: Explored, rng: random.Random) -> None:
        self.explored, self.code, self._rng = explored, explored.code, rng
        self._small = returned.small_calls(explored)[:SMALL_CALLS]
        self._pairs = reaching.pairs_of(explored)
        self._seeds = (*VISIBLE_SEEDS, rng.randrange(LARGEST_SEED))
        every = [
            *rewritten(self.code, lambda node: near_misses(node, explored.facts)),
            *mutants(self.code),
        ]
        same = [*rewritten(self.code, lambda node: equivalents(node, explored.facts))]
        self._same = list(_best(same, every, rng))
        lines = {change.line for change in self._same}
        on_lines = [change for change in every if change.line in lines]
        self._broken = list(_few_of_each_line(on_lines, BROKEN))
        self._others = [each for each in every if each not in self._broken][:OTHERS]

    @property
    def _asks(self) -> tuple[Ask, ...]:
        pairs = (ask for pair in self._pairs for ask in pair.asks)
        return (*(small.ask for small in self._small), *pairs)

    @property
    def versions(self) -> list[Version]:
        """The original, equivalent changes, those of the same lines, and others."""
        asks, seeds, code = self._asks, self._seeds, self.code
        return [
            Version(code, code.text, seeds, asks),
            *(Version(code, each.text, seeds) for each in self._same),
            *(Version(code, each.text, VISIBLE_SEEDS, asks) for each in self._broken),
            *(Version(code, each.text, (), asks) for each in self._others if asks),
        ]

    def drafts(self, outcomes: Sequence[Outcome], judge: Judge) -> Iterator[Draft]:
        """What can be asked, now that it is known what came of each version."""
        original, rest = outcomes[0], iter(outcomes[1:])
        same = [(change, next(rest)) for change in self._same]
        broken = [(change, next(rest)) for change in self._broken]
        changed = [*broken, *zip(self._others, rest, strict=False)]
        kept = [
            Tried(change, outcome)
            for change, outcome in same
            if keeps_all(original, outcome, len(self._seeds))
        ]
        wrong = [
            Tried(change, outcome, said)
            for change, outcome in broken
            if (said := judge(change, original, outcome))
        ]
        yield from same_results.drafts(self.explored, original, kept, wrong, self._seeds, self._rng)
        yield from self._of_answers(original, changed)

    def _of_answers(
        self, original: Outcome, changed: Sequence[tuple[Change, Outcome]]
    ) -> Iterator[Draft]:
        answers = [(change, outcome.answers) for change, outcome in changed]
        count = len(self._small)
        if self._small:
            first = [(change, each[:count]) for change, each in answers]
            yield from returned.drafts(self.explored, self._small, first, self._rng)
        for at, pair in enumerate(self._pairs):
            which = slice(count + 2 * at, count + 2 * at + 2)
            yield from reaching.drafts(
                self.explored,
                pair,
                original.answers[which],
                [(change, each[which]) for change, each in answers],
                self._rng,
            )


def _best(same: Sequence[Change], every: Sequence[Change], rng: random.Random) -> Iterator[Change]:
    """Equivalent changes of a few lines that have enough others, deep ones rather first."""
    others = [change.line for change in every]
    usable = [change for change in same if others.count(change.line) > 2]
    mixed = sorted(usable, key=lambda each: each.rank + 2 * CHANCE * rng.random(), reverse=True)
    lines = [*dict.fromkeys(change.line for change in mixed)][:LINES]
    for line in lines:
        texts = {change.after: change for change in mixed if change.line == line}
        yield from [*texts.values()][:EQUIVALENTS]


def _few_of_each_line(changes: Iterable[Change], most: int) -> Iterator[Change]:
    counts: dict[int, int] = {}
    for change in changes:
        counts[change.line] = counts.get(change.line, 0) + 1
        if counts[change.line] <= most:
            yield change


def _chosen(drafts: Sequence[Draft], count: int, rng: random.Random) -> list[Draft]:
    """So many of different kinds, about different exercises and lines, good ones first.

    With some chance in it, so that a class is not asked one thing.
    """
    left = [(each, each.rank + CHANCE * rng.random()) for each in drafts]
    chosen: list[Draft] = []
    while left and len(chosen) < count:
        best = max(left, key=lambda pair: pair[1] - sum(_alike(pair[0], it) for it in chosen))
        left.remove(best)
        if all(best[0].question.signature != it.question.signature for it in chosen):
            chosen.append(best[0])
    return chosen


def _alike(a: Draft, b: Draft) -> float:
    """How much of one question another one takes away."""
    same_exercise = a.question.exercise == b.question.exercise
    same_lines = same_exercise and a.question.marked == b.question.marked
    return 3.0 * (a.question.kind == b.question.kind) + 1.5 * same_exercise + 2.0 * same_lines


def _proved(laboratory: Laboratory, drafts: Sequence[Draft]) -> list[Question]:
    """Those whose key is found again, by a process that has seen nothing of the first."""
    outcomes = iter(laboratory.run([version for draft in drafts for version in draft.versions]))
    pairs = [(draft, [next(outcomes) for _ in draft.versions]) for draft in drafts]
    return [draft.question for draft, found in pairs if draft.is_proved(found)]
