"""Kept evidence: by exercise, so that what changed is executed again and nothing else."""

import json
import stat
import zipfile
from dataclasses import replace
from io import BytesIO

import pytest
from small_jobs import GIVEN, a_check, job

from autograder.grading.evidence_store import INDEX, EvidenceStore
from autograder.grading.execute import execute
from autograder.grading.forks.messages import CaseObserved, encode
from autograder.grading.jobs import Execution, Found, Job, Limits
from autograder.grading.models import ModelFile

CHECKS = {"f": a_check("f"), "g": a_check("g")}
CELLS = "def f(x):\n    return x", ("check", "f"), "g = f", ("check", "g")


@pytest.fixture
def store(tmp_path):
    return EvidenceStore(tmp_path / "evidence")


def whole(*cells, checks=CHECKS, **changes):
    return replace(job(*(cells or CELLS), checks=checks), **changes)


def found(text, error=None, model=None):
    cases = {("once", seed): f"{text} {seed}".encode() for seed in (0, 1)}
    return Found(cases if error is None else {}, model, error)


def execution(noticed=(), failures=(), **by_exercise):
    return Execution(by_exercise, noticed, dict.fromkeys(failures, "error"))


BOTH = execution(("started true",), (1,), f=found("f"), g=found("g"))


def test_what_is_kept_is_what_is_loaded(store):
    assert store.missing(whole()) == whole()
    store.keep(whole(), BOTH)
    assert store.missing(whole()) is None and store.load(whole()) == BOTH


def test_errors_and_models_are_kept_too(store):
    files = {"model": ModelFile(b"bytes"), "none": ModelFile(problem="no file")}
    models = whole(models=files)
    kept = execution(
        f=found("f"),
        g=found("g", "NameError"),
        model=found("m", model=b"packed"),
        none=found("", "no file"),
    )
    store.keep(models, kept)
    assert store.missing(models) is None and store.load(models) == kept


def changed_check(name):
    rests_on = dict(whole().rests_on)
    rests_on[name] += " changed"
    return whole(rests_on=rests_on)


@pytest.mark.parametrize("name, other", [("f", "g"), ("g", "f")])
def test_a_changed_check_is_executed_again_and_no_other(store, name, other):
    store.keep(whole(), BOTH)
    missing = store.missing(changed_check(name))
    assert [step.check for step in missing.steps if step.check] == [name]
    assert [step.text for step in missing.steps if not step.check] == [CELLS[0], CELLS[2]]
    again = execution(("started false",), (0,), **{name: found("new")})
    store.keep(changed_check(name), again)
    assert store.missing(changed_check(name)) is None
    loaded = store.load(changed_check(name))
    assert loaded.found == {name: found("new"), other: found(other)}
    assert loaded.noticed == ("started true", "started false")
    assert loaded.failures == {0: "error", 1: "error"}


def test_a_changed_model_file_is_read_again_and_no_cell_is_run_for_a_check(store):
    def with_model(data):
        return whole(models={"model": ModelFile(data)})

    store.keep(
        with_model(b"old"), execution(f=found("f"), g=found("g"), model=found("", model=b"o"))
    )
    missing = store.missing(with_model(b"new"))
    assert [*missing.models] == ["model"] and missing.steps == ()


def test_model_files_with_the_same_cells_are_kept_beside_each_other(store):
    """Such as those of two students who have not written a line."""
    first, second = (whole(models={"model": ModelFile(data)}) for data in (b"1", b"2"))
    for each, text in ((first, b"one"), (second, b"two")):
        store.keep(each, execution(f=found("f"), g=found("g"), model=found("", "", text)))
    assert store.missing(first) is store.missing(second) is None
    assert [store.load(each).found["model"].model for each in (first, second)] == [b"one", b"two"]


def test_cells_that_write_a_model_file_are_all_needed():
    trains = whole(written={"model": "model"})
    assert trains.only({"model"}).steps == tuple(step for step in whole().steps if not step.check)


CHANGES = {
    "another text": whole("def f(x):\n    return -x", *CELLS[1:]),
    "another cell": whole(*CELLS, "x = 1"),
    "longer cells": whole(limits=Limits(21.0)),
    "without the sandbox": whole(limits=Limits(20.0, confined=False)),
}


@pytest.mark.parametrize("other", CHANGES.values(), ids=CHANGES)
def test_whatever_cells_depend_on_makes_all_evidence_old(store, other):
    store.keep(whole(), BOTH)
    assert store.missing(other) == other and other.digest != whole().digest


def test_what_only_checks_depend_on_does_not_change_where_evidence_is_kept():
    assert changed_check("f").digest == whole().digest == whole(given="import torch").digest


def test_two_notebooks_are_kept_apart(store):
    other = CHANGES["another text"]
    store.keep(whole(), BOTH)
    store.keep(other, execution(f=found("other f"), g=found("other g")))
    assert store.load(whole()) == BOTH and store.load(other).found["f"] == found("other f")


def test_a_digest_is_worked_out_once(monkeypatch):
    counted = []
    plain = json.dumps
    monkeypatch.setattr(
        "autograder.grading.jobs.json.dumps", lambda it: counted.append(1) or plain(it)
    )
    one = whole()
    assert one.digest == one.digest and len(counted) == 1


def files(store):
    return sorted(path.name for path in store.folder.iterdir())


def test_pruning_deletes_what_is_of_other_jobs(store):
    other = CHANGES["another text"]
    for each in (whole(), other):
        store.keep(each, BOTH)
    store.prune({*whole().kept_under.values(), "of a job that was never kept", ""})
    assert files(store) == [f"{whole().digest}.zip"]
    assert store.missing(whole()) is None and store.missing(other) is not None
    store.prune([])
    assert files(store) == []


def test_pruning_nothing_is_no_error(store):
    store.prune({"x"})


def cut(data):
    return data[: len(data) // 2]


def of_another_form(data):
    """As an earlier version of the kit may have written it."""
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("said.json", json.dumps({"evidence": [], "models": []}))
    return content.getvalue()


def of_another_index(data):
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(INDEX, json.dumps({"noticed": [], "exercises": {"f": {"digest": "x"}}}))
    return content.getvalue()


def with_bits_of_the_directory(offset, bits):
    """With other bits in the archive's directory, at its entry of the index."""

    def damage(data):
        changed = bytearray(data)
        changed[data.rindex(b"PK\x01\x02") + offset] ^= bits
        return bytes(changed)

    return damage


encrypted = with_bits_of_the_directory(8, 1)
otherwise_compressed = with_bits_of_the_directory(10, 99)


def of_a_list(data):
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(INDEX, json.dumps({"noticed": [], "failed": [], "exercises": [1]}))
    return content.getvalue()


DAMAGES = [
    of_a_list,
    *(cut, lambda data: b"", lambda data: b"no archive", of_another_form, of_another_index),
    *(encrypted, otherwise_compressed),
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_or_old_file_is_no_evidence_and_no_error(store, damage):
    store.keep(whole(), BOTH)
    (path,) = store.folder.iterdir()
    path.write_bytes(damage(path.read_bytes()))
    assert store.missing(whole()) == whole() and not path.exists()
    store.keep(whole(), BOTH)
    assert store.missing(whole()) is None and store.load(whole()) == BOTH


def test_no_byte_that_is_wrong_stops_anything(store):
    store.keep(whole(), BOTH)
    (path,) = store.folder.iterdir()
    data = path.read_bytes()
    for at in range(0, len(data), 3):
        path.write_bytes(data[:at] + bytes([data[at] ^ 255]) + data[at + 1 :])
        store.missing(whole())


def test_evidence_is_for_its_owner_only(store):
    store.keep(whole(), BOTH)
    (path,) = store.folder.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


ODD = ("../../../escaped", "/tmp/escaped", "", "é\n", "index.json", "0/0")


def test_names_of_evidence_are_never_paths(tmp_path):
    """Student code holds the pipe, and may write frames of any name into it."""
    frames = b"".join(encode(CaseObserved("f", (name, 0), b"x")) for name in ODD)
    forged = f"import os\nos.write(3, {frames!r})"
    here = EvidenceStore(tmp_path / "a/b/evidence")
    one = job(forged, "def f(x):\n    return x", checks=CHECKS)
    here.keep(one, execute(one))
    kept = here.load(one).found["f"].cases
    assert {place: kept[place] for place in kept if place[0] != "once"} == {
        (name, 0): b"x" for name in ODD
    }
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [
        *(tmp_path / "a/b/evidence").iterdir()
    ]


def test_a_part_leaves_the_evidence_that_the_whole_leaves(store):
    """Of real executions: what is missing alone, beside what was kept, is all of it."""
    at_once = execute(whole())
    store.keep(whole(), execute(whole().only({"g"})))
    missing = store.missing(whole())
    assert [step.check for step in missing.steps if step.check] == ["f"]
    store.keep(whole(), execute(missing))
    assert store.load(whole()).found == at_once.found


def test_a_job_asks_for_its_exercises_by_what_they_rest_on():
    files = {"model": ModelFile(b"x")}
    asked = Job(whole().steps, whole().limits, GIVEN, CHECKS, files, {"written": "model"})
    assert asked.exercises == {"f": "", "g": "", "model": files["model"].digest, "written": "model"}
