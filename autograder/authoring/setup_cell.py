# @title Setup: make the course's checks importable
"""The first code cell of every notebook, as it stands: the build writes the first constants."""

import importlib
import importlib.metadata
import importlib.util
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

VERSION = ""
WHEEL_URL = ""
PACKAGE = "coursework_kit"
SAYS: dict[str, str] = {}  # in another language
OFFLINE = "connection", "temporary failure", "name resolution", "timed out", "no matching dist"


def tr(text: str) -> str:
    """A sentence in the notebook's language."""
    return SAYS.get(text, text)


class SetupError(ImportError):
    """What is missing, in one line."""

    def _render_traceback_(self) -> list[str]:
        return [f"SetupError: {self}"]


def version_in(wheel: Path) -> str:
    """The version that a wheel holds, whatever it is called; empty where it is damaged."""
    try:
        folders = [name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()]
    except (OSError, zipfile.BadZipFile):
        return ""
    ends = f"{PACKAGE}-", ".dist-info"
    found = (f[len(ends[0]) : -len(ends[1])] for f in folders if f.endswith(ends[1]))
    return next(found, "")


def wheels(*elsewhere: Path) -> dict[str, Path]:
    """Wheels beside the notebook and below folders, by version; of copies the newest."""
    name = f"{PACKAGE}-*.whl"
    places = [*Path().glob(name), *(path for folder in elsewhere for path in folder.rglob(name))]
    places.sort(key=lambda path: path.stat().st_mtime)
    return {version: path for path in places if (version := version_in(path))}


def files_in(record: str) -> set[str]:
    """The lines of a package's own files, with their hashes, in the record of what it holds."""
    return {line for line in record.splitlines() if line.startswith("autograder/")}


def is_installed(wheel: Path) -> bool:
    """Whether a wheel's very files are installed; what comes from a checkout is left alone."""
    try:
        own = importlib.metadata.distribution(PACKAGE).read_text("RECORD") or ""
        with zipfile.ZipFile(wheel) as archive:
            record = archive.read(f"{PACKAGE}-{VERSION}.dist-info/RECORD").decode()
    except (importlib.metadata.PackageNotFoundError, KeyError):
        return True
    return not files_in(own) or files_in(record) <= files_in(own)


def install(wheel: str, *options: str) -> None:
    """Install a wheel; what of it is imported already is forgotten."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*pip, "--retries=1", *options, wheel], capture_output=True, text=True)
    said = done.stderr.strip() or "pip failed"
    if done.returncode and any(sign in said.lower() for sign in OFFLINE):
        raise SetupError(
            tr(
                "There is no internet connection. On Kaggle switch it on in the panel on the right "
                "(Session options, Internet); then run this again."
            )
        )
    if done.returncode:
        why = tr("{wheel} cannot be installed: {said}")
        raise SetupError(why.format(wheel=wheel, said=said.splitlines()[-1]))
    for name in [name for name in sys.modules if name.split(".")[0] == "autograder"]:
        del sys.modules[name]
    importlib.invalidate_caches()


def install_file(path: Path, version: str, *options: str) -> None:
    """Install a wheel under its proper name, which browsers change: `… (1).whl`."""
    with tempfile.TemporaryDirectory() as folder:
        wheel = Path(folder) / f"{PACKAGE}-{version}-py3-none-any.whl"
        install(str(shutil.copyfile(path, wheel)), *options)


def installed() -> str:
    """The version that can be imported; VERSION where it comes from a checkout."""
    if importlib.util.find_spec("autograder") is None:
        return ""
    try:
        return importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        return VERSION


def is_grading() -> bool:
    """Whether a grader runs this, who has the checks that it wants."""
    checker = sys.modules.get("autograder.checks.checker")
    return checker is not None and hasattr(checker.check.runner, "is_grading")


def renew() -> None:
    """Take the wheel beside the notebook where an installed one of this version has other files."""
    path = wheels().get(VERSION)
    if path and not is_installed(path):
        install_file(path, VERSION, "--force-reinstall", "--no-deps")


def set_up() -> None:
    """Take the checks that this notebook was made with, else the newest that can be had."""
    now = installed()
    if is_grading():
        return
    if now == VERSION:
        renew()
        return
    found = wheels(Path("/kaggle/input"))
    if VERSION in found:
        install_file(found[VERSION], VERSION)
    elif WHEEL_URL:
        install(WHEEL_URL)
    elif now:
        said = tr(
            "The course's checks are those of version {now}, this notebook's of {wanted}: where "
            "something is odd, put the course's newest wheel beside it and run this again."
        )
        print(said.format(now=now, wanted=VERSION))
    elif found:
        version, path = list(found.items())[-1]
        install_file(path, version)
    else:
        raise SetupError(
            tr(
                "Put the course's wheel, coursework_kit-….whl, beside this notebook and run this "
                "again."
            )
        )


if __name__ == "__main__":
    set_up()
