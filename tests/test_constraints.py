"""`constraints.txt` holds for every Python that `pyproject.toml` names, on x86-64 and Arm."""

import functools
import os
import subprocess
import sys
import tomllib
from importlib import metadata
from itertools import chain
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
WANTED = [*PROJECT["dependencies"], *chain(*PROJECT["optional-dependencies"].values())]
SUPPORTED = SpecifierSet(PROJECT["requires-python"])
MINORS = [name.rpartition(" ")[2] for name in PROJECT["classifiers"] if "Python :: 3." in name]
LOWEST = [f"{minor}.0" for minor in MINORS]
RELEASES = list(SUPPORTED.filter(f"{minor}.{patch}" for minor in MINORS for patch in range(16)))
CONSTRAINTS = (ROOT / "constraints.txt").read_text()
SOURCE_ONLY = ("exit-codes", "yattag")  # cosmic-ray needs them
PINS = [Requirement(line) for line in CONSTRAINTS.splitlines() if not line.startswith("#")]


def applies(requirement, python, extra=""):
    here = {"python_full_version": python, "python_version": python.rpartition(".")[0]}
    environment = {**default_environment(), **here, "extra": extra}
    return not requirement.marker or requirement.marker.evaluate(environment)


def installed(pin):
    """The metadata of exactly this version, where this environment has it."""
    try:
        found = metadata.distribution(pin.name)
    except metadata.PackageNotFoundError:
        return None
    return found if Version(found.version).public in pin.specifier else None


INSTALLED = {pin: found for pin in PINS if (found := installed(pin))}


@functools.cache
def refused_by(requires_python):
    """The Pythons of ours that a package with this `Requires-Python` is not for."""
    return set(RELEASES) - set(SpecifierSet(requires_python).filter(RELEASES))


def required(python):
    """All that this Python's pip would ask for, as far as the environment of this test knows."""
    found = {canonicalize_name(pin.name): found for pin, found in INSTALLED.items()}
    waiting, seen = [Requirement(text) for text in WANTED], set()
    while waiting:
        requirement = waiting.pop()
        if str(requirement) in seen:
            continue
        seen.add(str(requirement))
        yield requirement
        known = found.get(canonicalize_name(requirement.name))
        for text in (known.requires or []) if known else []:
            extras = ("", *requirement.extras)
            waiting += [
                r for r in [Requirement(text)] if any(applies(r, python, e) for e in extras)
            ]


def test_plain_pip_takes_the_file_from_any_index():
    assert "://" not in CONSTRAINTS
    assert [pin for pin in PINS if pin.extras or not str(pin.specifier).startswith("==")] == []


def test_no_pin_leaves_out_a_python_that_we_support():
    assert len(INSTALLED) > len(PINS) / 2, "too little is installed to say anything"
    refused = [
        (str(pin), python)
        for pin, found in INSTALLED.items()
        for python in refused_by(found.metadata.get("Requires-Python", ""))
        if applies(pin, python)
    ]
    assert refused == []


@pytest.mark.parametrize("python", LOWEST)
def test_what_is_needed_is_pinned(python):
    pinned = {canonicalize_name(pin.name): pin for pin in PINS if applies(pin, python)}
    for requirement in required(python):
        pin = pinned[canonicalize_name(requirement.name)]
        (version,) = pin.specifier
        assert requirement.specifier.contains(version.version, prereleases=True), str(pin)


@pytest.mark.slow
@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize("python", [LOWEST[0], LOWEST[-1]])
def test_pip_resolves(python, machine, tmp_path):
    """As an installation would, but for cosmic-ray: pip wants wheels where it is not at home.

    Isolated, because a folder of wheels does not say which Python each of them wants."""
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in range(28, 4, -1)]
    command = [sys.executable, "-m", "pip", "--isolated", "install", "--dry-run", "--quiet"]
    command += ["--ignore-installed", "--target", str(tmp_path), "--only-binary", ":all:"]
    command += ["--python-version", python, *(f"--platform={name}" for name in platforms)]
    command += [f"--platform=manylinux2014_{machine}", "-c", str(ROOT / "constraints.txt")]
    command += [text for text in WANTED if not text.startswith("cosmic-ray")]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "platform", ["x86_64-manylinux_2_28", "aarch64-manylinux_2_28", "aarch64-apple-darwin"]
)
@pytest.mark.parametrize("python", LOWEST)
def test_uv_resolves(python, platform):
    """With markers read for that platform, which pip reads for its own."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-python-downloads"]
    command += ["--all-extras", "--only-binary=:all:", *(f"--no-binary={n}" for n in SOURCE_ONLY)]
    command += ["--python-version", python, "--python-platform", platform]
    command += ["-c", "constraints.txt", "pyproject.toml"]
    environment = os.environ | {"MACOSX_DEPLOYMENT_TARGET": "14.0"}
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
