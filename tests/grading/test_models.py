"""Model files of every kind, honest and hostile: the right score or one clear sentence."""

import io
import json
import os
import pickle
import struct
import warnings
import zipfile
from dataclasses import replace

import pytest
import safetensors.torch
import torch
from torch import nn

from autograder.assignment.trial import load
from autograder.authoring.build import build
from autograder.checks.model_file import ModelError, pack, read_model, unpack
from autograder.grading import models
from autograder.grading.execute import execute
from autograder.grading.jobs import Job, Limits
from autograder.grading.models import find_model
from autograder.grading.submission import Grader
from autograder.tools.saving import save_model

CONFIGURATION = {"hidden": 16}


@pytest.fixture(scope="module")
def grader(module_parity_course):
    build(module_parity_course, "parity")
    return Grader(module_parity_course, "parity")


@pytest.fixture
def state(parity_weights):
    return {name: tensor.clone() for name, tensor in parity_weights.items()}


@pytest.fixture(params=[True, False], ids=["confined", "unconfined"])
def verdict(request, grader, tmp_path):
    """The verdict on what stands in the submission's folder; unconfined, whatever runs would."""

    def judge():
        files = {"trained_model": found(grader, tmp_path)}
        job = Job((), Limits(10.0, confined=request.param), models=files)
        return grader.verifier.verdict("trained_model", execute(job), job)

    return judge


def found(grader, folder):
    """The model file that grading finds in a submission's folder."""
    return find_model(folder, grader.verifier.artefacts["trained_model"].ending)


def put(folder, state, configuration=CONFIGURATION, name="1_Ada_model.pth"):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's, about quantised and sparse tensors
        torch.save({"configuration": configuration, "state_dict": state}, folder / name)


def put_bytes(folder, data, name="1_Ada_model.pth"):
    (folder / name).write_bytes(data)


def zipped(*entries):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return file.getvalue()


def with_safetensors(folder, state):
    metadata = {"configuration": json.dumps(CONFIGURATION)}
    safetensors.torch.save_file(state, folder / "1_Ada_model.safetensors", metadata)


def with_location(folder, state, location):
    """As saved from a device that this machine need not have."""
    tag = torch.serialization.location_tag
    torch.serialization.location_tag = lambda storage: location
    try:
        put(folder, state)
    finally:
        torch.serialization.location_tag = tag


def in_one_storage(state):
    """Every array a view into one, between numbers that are nobody's."""
    buffer, at, views = torch.full((500,), float("nan")), 1, {}
    for name, tensor in state.items():
        views[name] = buffer[at : at + tensor.numel()].view(tensor.shape).copy_(tensor)
        at += tensor.numel() + 3
    return views


def column_major(state):
    return {n: t.T.contiguous().T if t.dim() == 2 else t for n, t in state.items()}


HONEST = {
    "plain": put,
    "safetensors": with_safetensors,
    "half precision": lambda f, s: put(f, {n: t.half() for n, t in s.items()}),
    "bfloat16": lambda f, s: put(f, {n: t.bfloat16() for n, t in s.items()}),
    "double precision": lambda f, s: put(f, {n: t.double() for n, t in s.items()}),
    "saved on CUDA": lambda f, s: with_location(f, s, "cuda:3"),
    "saved on MPS": lambda f, s: with_location(f, s, "mps"),
    "parameters": lambda f, s: put(f, {n: nn.Parameter(t) for n, t in s.items()}),
    "one storage": lambda f, s: put(f, in_one_storage(s)),
    "column-major": lambda f, s: put(f, column_major(s)),
    "name in another script": lambda f, s: put(f, s, name="学号 7_Ζωή Ñandú_model.pth"),
    "downloaded twice": lambda f, s: put(f, s, name="1_Ada_model (1).pth"),
    "further entries": lambda f, s: torch.save(
        {"configuration": CONFIGURATION, "state_dict": s, "epoch": 3}, f / "1_Ada_model.pth"
    ),
}


@pytest.mark.parametrize("write", HONEST.values(), ids=HONEST)
def test_an_honest_model_earns_its_tier(write, verdict, state, tmp_path):
    write(tmp_path, state)
    found = verdict()
    assert (found.score, found.passed) == (4.0, True)
    assert found.feedback.startswith("accuracy 1.00, loss ")
    assert found.feedback.endswith(": reaches 0.98, 4 of 4 points")


def test_what_save_model_writes_is_graded(grader, verdict, state, tmp_path):
    network = load(grader.verifier.source).Network(**CONFIGURATION)
    network.load_state_dict(state)
    save_model(network, CONFIGURATION, student_id="1/2", name="A: B", folder=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["1-2_A- B_model.pth"]
    assert verdict().score == 4.0


def test_an_untrained_model_earns_nothing(verdict, state, tmp_path):
    put(tmp_path, {name: 0 * tensor for name, tensor in state.items()})
    assert verdict().feedback.endswith(": below 0.75, 0 of 4 points")


def test_the_newest_file_counts_and_the_others_are_reported(grader, verdict, state, tmp_path):
    put(tmp_path, state, name="b_model.pth")
    put_bytes(tmp_path, b"older", name="c_model.safetensors")
    os.utime(tmp_path / "c_model.safetensors", (1, 1))
    assert verdict().score == 4.0
    assert found(grader, tmp_path).note == "2 model files, the newest counts, b_model.pth"


class Bomb:
    """Runs a command where it is unpickled."""

    marker = ""

    def __reduce__(self):
        return os.system, (f"touch {Bomb.marker}",)


class Stateful:
    """Runs its own code where it is unpickled."""

    def __init__(self):
        self.marker = Bomb.marker

    def __setstate__(self, state):
        open(state["marker"], "w").close()


class Evaluated:
    def __reduce__(self):
        return eval, (f"open({Bomb.marker!r}, 'w')",)


BOMBS = {
    "in place of the state": lambda f, s: put(f, Bomb()),
    "among the weights": lambda f, s: put(f, {**s, "first.bias": Bomb()}),
    "nested": lambda f, s: put(f, {**s, "first.bias": [{"a": (1, [Bomb()])}]}),
    "in the configuration": lambda f, s: put(f, s, {"hidden": Bomb()}),
    "a custom class": lambda f, s: put(f, s, {"hidden": Stateful()}),
    "eval": lambda f, s: put(f, s, {"hidden": Evaluated()}),
    "a whole model": lambda f, s: torch.save(nn.Linear(2, 2), f / "1_model.pth"),
    "beside the rest": lambda f, s: torch.save(
        {"configuration": CONFIGURATION, "state_dict": s, "more": Bomb()}, f / "1_model.pth"
    ),
}


@pytest.mark.parametrize("write", BOMBS.values(), ids=BOMBS)
def test_a_pickle_bomb_never_runs(write, verdict, state, tmp_path, monkeypatch):
    monkeypatch.setattr(Bomb, "marker", str(tmp_path / "marker"))
    write(tmp_path, state)
    found = verdict()
    assert not (tmp_path / "marker").exists()
    assert found.score == 0.0
    assert found.feedback.startswith("the model file holds more than arrays and plain values (")


def test_the_bombs_would_run_if_they_were_unpickled(state, tmp_path, monkeypatch):
    monkeypatch.setattr(Bomb, "marker", str(tmp_path / "marker"))
    put(tmp_path, Bomb())
    torch.load(tmp_path / "1_Ada_model.pth", weights_only=False)
    assert (tmp_path / "marker").exists()


def changed(state, name="first.bias", **new):
    (value,) = new.values()
    return {**state, name: value}


def renamed(state, old="first.bias", new="first.b"):
    return {new if name == old else name: tensor for name, tensor in state.items()}


def other(state, tensor, name="first.bias"):
    return {**state, name: tensor}


def header(claim, data=b""):
    text = json.dumps({"__metadata__": {"configuration": '{"hidden": 16}'}, **claim}).encode()
    return struct.pack("<Q", len(text)) + text + data


def sparse_file(folder, state):
    with open(folder / "1_Ada_model.pth", "wb") as file:
        file.truncate(2 * 2**30)


def quantised(tensor):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.quantize_per_tensor(tensor, 0.1, 0, torch.qint8)


NOT = "is not of the given architecture with its configuration: "
FOUR = {"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 2**31]}}
CONFIGURED = "has a configuration that holds more than plain numbers and texts"
REJECTED = {
    # no model files
    "text": (lambda f, s: put_bytes(f, b"my model reaches 0.99\n" * 9), "is not a model file"),
    "empty": (lambda f, s: put_bytes(f, b""), "is empty"),
    "raw pickle": (lambda f, s: put_bytes(f, pickle.dumps(s)), "is not a model file"),
    "cut off": (
        lambda f, s: (put(f, s), put_bytes(f, (f / "1_Ada_model.pth").read_bytes()[:900])),
        "is damaged; the upload may have been interrupted",
    ),
    "another zip": (
        lambda f, s: put_bytes(f, zipped(("a.txt", b"hello"))),
        "is damaged or not a model file",
    ),
    "weights only": (
        lambda f, s: torch.save(s, f / "1_model.pth"),
        "holds no 'configuration' and 'state_dict'; write it with save_model",
    ),
    "a list": (
        lambda f, s: torch.save([1, 2], f / "1_model.pth"),
        "holds no 'configuration' and 'state_dict'; write it with save_model",
    ),
    "2 GB": (sparse_file, "is larger than 100 MB (2147 MB)"),
    "zip bomb": (
        lambda f, s: put_bytes(f, zipped(("archive/data.pkl", bytes(120_000_000)))),
        "would unpack to more than 100 MB",
    ),
    "a header of a terabyte": (
        lambda f, s: put_bytes(f, struct.pack("<Q", 2**40) + b"{}"),
        "is damaged or not a model file",
    ),
    "an array of 2 GB in a short file": (
        lambda f, s: put_bytes(f, header(FOUR, bytes(16))),
        "is damaged or not a model file",
    ),
    "safetensors without a configuration": (
        lambda f, s: put_bytes(f, safetensors.torch.save(s)),
        "has no 'configuration' in its metadata, as JSON",
    ),
    # other architectures
    "a key missing": (
        lambda f, s: put(f, {n: t for n, t in s.items() if n != "first.bias"}),
        NOT + "'first.bias' missing",
    ),
    "a key more": (lambda f, s: put(f, {**s, "extra": torch.ones(1)}), NOT + "'extra' unknown"),
    "a key renamed": (
        lambda f, s: put(f, renamed(s)),
        NOT + "'first.bias' missing, 'first.b' unknown",
    ),
    "a wrapped model": (
        lambda f, s: put(f, {f"module.{n}": t for n, t in s.items()}),
        NOT + "'first.weight', 'first.bias', 'second.weight' and 1 more missing, "
        "'module.first.bias', 'module.first.weight', 'module.second.bias' and 1 more unknown",
    ),
    "another size": (
        lambda f, s: put(f, s, {"hidden": 17}),
        NOT + "'first.weight' is 16 × 3, not 17 × 3",
    ),
    "a scalar": (
        lambda f, s: put(f, other(s, torch.tensor(1.0))),
        NOT + "'first.bias' is a number, not 16",
    ),
    "no arrays": (
        lambda f, s: put(f, {}),
        NOT + "'first.weight', 'first.bias', 'second.weight' and 1 more missing",
    ),
    # numbers
    "NaN": (
        lambda f, s: put(f, other(s, torch.full((16,), float("nan")))),
        "holds NaN or infinite numbers in 'first.bias'",
    ),
    "infinite": (
        lambda f, s: put(f, other(s, torch.tensor([0.0] * 15 + [-float("inf")]))),
        "holds NaN or infinite numbers in 'first.bias'",
    ),
    "infinite in single precision": (
        lambda f, s: put(f, other(s, torch.full((16,), 1e300, dtype=torch.float64))),
        "holds NaN or infinite numbers in 'first.bias'",
    ),
    "integers": (
        lambda f, s: put(f, other(s, torch.ones(16, dtype=torch.int64))),
        "holds 'first.bias' as int64, not float32",
    ),
    "truth values": (
        lambda f, s: put(f, other(s, torch.ones(16, dtype=torch.bool))),
        "holds 'first.bias' as bool, not float32",
    ),
    "complex numbers": (
        lambda f, s: put(f, other(s, torch.ones(16, dtype=torch.complex64))),
        "holds 'first.bias' as complex64",
    ),
    "sparse": (
        lambda f, s: put(f, other(s, torch.ones(16).to_sparse())),
        "holds 'first.bias' as a sparse or quantised array",
    ),
    "quantised": (
        lambda f, s: put(f, other(s, quantised(torch.ones(16)))),
        "holds 'first.bias' as a sparse or quantised array",
    ),
    "meta": (
        lambda f, s: put(f, other(s, torch.ones(16, device="meta"))),
        "holds no numbers for 'first.bias'",
    ),
    "a view of terabytes": (
        lambda f, s: put(f, other(s, torch.ones(1).expand(10**6, 10**6))),
        "is larger than 100 MB (4000000 MB)",
    ),
    "not an array": (
        lambda f, s: put(f, other(s, "sixteen ones")),
        "has a state_dict whose 'first.bias' is no array",
    ),
    "a key that is no name": (
        lambda f, s: put(f, {**s, 7: torch.ones(1)}),
        "has a state_dict whose keys are no names",
    ),
    "a list of arrays": (
        lambda f, s: put(f, [*s.values()]),
        "has a state_dict that is no dictionary of arrays",
    ),
    # configurations
    "too large": (
        lambda f, s: put(f, s, {"hidden": 65}),
        "has hidden = 65, which must be a whole number from 4 to 64",
    ),
    "true": (
        lambda f, s: put(f, s, {"hidden": True}),
        "has hidden = True, which must be a whole number from 4 to 64",
    ),
    "a text": (
        lambda f, s: put(f, s, {"hidden": "16"}),
        "has hidden = '16', which must be a whole number from 4 to 64",
    ),
    "not whole": (
        lambda f, s: put(f, s, {"hidden": 16.0}),
        "has hidden = 16.0, which must be a whole number from 4 to 64",
    ),
    "not a number": (
        lambda f, s: put(f, s, {"hidden": float("nan")}),
        "has hidden = nan, which must be a whole number from 4 to 64",
    ),
    "huge": (lambda f, s: put(f, s, {"hidden": 10**30}), CONFIGURED),
    "absurd": (
        lambda f, s: put(f, s, {"hidden": 10**5000}),
        "is damaged or not a model file",
    ),
    "none": (lambda f, s: put(f, s, {"hidden": None}), CONFIGURED),
    "a tensor": (lambda f, s: put(f, s, {"hidden": torch.tensor(16)}), CONFIGURED),
    "a long text": (lambda f, s: put(f, s, {"hidden": "x" * 10**6}), CONFIGURED),
    "a key missing in it": (lambda f, s: put(f, s, {}), "has a configuration without 'hidden'"),
    "a key more in it": (
        lambda f, s: put(f, s, {"hidden": 16, "layers": 9}),
        "has a configuration with unknown 'layers'",
    ),
    "no dictionary": (
        lambda f, s: put(f, s, [("hidden", 16)]),
        "has a configuration that is no dictionary",
    ),
}


@pytest.mark.parametrize("write, problem", REJECTED.values(), ids=REJECTED)
def test_anything_else_is_rejected_in_one_sentence(write, problem, verdict, state, tmp_path):
    write(tmp_path, state)
    found = verdict()
    assert found.score == 0.0
    assert found.feedback == f"the model file {problem}"


SECRET = "a model file of somebody else"
MISSING = {
    "nothing": lambda f, s: None,
    "another ending": lambda f, s: put(f, s, name="1_Ada_network.pth"),
    "a folder": lambda f, s: (f / "1_Ada_model.pth").mkdir(),
    "a link": lambda f, s: link_to(f, s),
    "a dangling link": lambda f, s: (f / "1_Ada_model.pth").symlink_to("nowhere"),
    "a pipe": lambda f, s: os.mkfifo(f / "1_Ada_model.pth"),
    "deeper": lambda f, s: ((f / "sub").mkdir(), put(f / "sub", s)),
}


def link_to(folder, state):
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    put(elsewhere, state)
    (folder / "2_model.pth").symlink_to(elsewhere / "1_Ada_model.pth")


@pytest.mark.parametrize("write", MISSING.values(), ids=MISSING)
def test_what_is_no_file_is_missing(write, verdict, state, tmp_path):
    write(tmp_path, state)
    assert verdict().feedback == "no model file …_model.pth or .safetensors beside the notebook"


def test_without_a_folder_the_file_is_missing(grader):
    assert (
        found(grader, None).problem
        == "no model file …_model.pth or .safetensors beside the notebook"
    )


def test_a_reader_that_takes_too_long_is_killed(verdict, state, tmp_path, monkeypatch):
    monkeypatch.setattr(models, "READ_SECONDS", 0.0)
    put(tmp_path, state)
    assert verdict().feedback == (
        "the model file cannot be read in the time and memory that there is"
    )


def test_measuring_has_a_time_limit(grader, verdict, state, tmp_path, monkeypatch):
    def endless(model, data):
        while True:
            model(data[0])

    slow = replace(grader.verifier.artefacts["trained_model"], measure=endless, seconds=0.2)
    monkeypatch.setitem(grader.verifier.artefacts, "trained_model", slow)
    put(tmp_path, state)
    assert verdict().feedback == "measuring the model took more than 0.2 s"


def test_whatever_a_reader_sends_is_data(state):
    whole = pack(read_model(saved(state)))
    for wrong in (b"", b"x" * 100, whole[:-1], whole[:40], struct.pack("<Q", 2**63) + b"{"):
        with pytest.raises(ModelError):
            unpack(wrong)


def saved(state):
    file = io.BytesIO()
    torch.save({"configuration": CONFIGURATION, "state_dict": state}, file)
    return file.getvalue()
