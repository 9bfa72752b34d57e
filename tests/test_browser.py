"""The notebook in JupyterLab in a real browser, from an environment without the course's wheel."""

import os
import subprocess
import sys
import sysconfig
import time
import venv
from pathlib import Path

import nbformat
import pytest
from handing import ROOT, right_answers
from in_browser import needs_browser, running_all, serving, wait_for_text

from autograder.course.sample import filled_in
from autograder.grading.repair.reading import read_notebook
from autograder.settings import find_course

SCREENSHOTS = os.environ.get("SCREENSHOTS")  # a folder to leave pictures in
OURS = ("coursework_kit", "__editable__")
MINUTE = 60  # seconds; a quiet machine takes less than 20

pytestmark = [pytest.mark.long, needs_browser]


@pytest.fixture
def like_colab(tmp_path) -> Path:
    """A Python that has what Colab has, PyTorch and Jupyter, and nothing of the course."""
    folder = tmp_path / "colab"
    venv.create(folder, with_pip=False)
    site = next(folder.glob("lib/python*/site-packages"))
    for entry in Path(sysconfig.get_paths()["purelib"]).iterdir():
        if not entry.name.startswith(OURS) and entry.suffix != ".pth":
            (site / entry.name).symlink_to(entry)
    (folder / "share").symlink_to(Path(sys.prefix) / "share")  # JupyterLab's pages
    return folder / "bin/python"


@pytest.fixture
def half_done(tmp_path) -> list[str]:
    """The wheel and the attention notebook, two exercises of it written; all its exercises."""
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path)]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, str(ROOT)], check=True)
    course = find_course(ROOT)
    right = right_answers(course, "attention")
    first = dict(list(right.items())[:2])
    nb = filled_in(read_notebook(course.released("attention")), first)
    nbformat.write(nb, tmp_path / "attention.ipynb")
    return list(right)


def test_first_check_within_a_minute_and_run_all_goes_through(tmp_path, half_done, like_colab):
    """The minute is from opening the notebook to ✓: kernel, wheel, PyTorch, a check."""
    with serving(tmp_path, like_colab) as lab:
        begin = time.monotonic()
        with running_all(f"{lab}/attention.ipynb") as page:
            wait_for_text(page, f"✓ {half_done[0]}  error", seconds=4 * MINUTE)
            seconds = time.monotonic() - begin
            text = wait_for_text(page, "points pass their checks", seconds=4 * MINUTE)
            for picture, line in (("passed", "✓ "), ("failed", "✗ ")) if SCREENSHOTS else ():
                page.get_by_text(line).first.scroll_into_view_if_needed()
                page.screenshot(path=Path(SCREENSHOTS) / f"{picture}.png")
    installed = list((tmp_path / "colab").glob("lib/python*/site-packages/coursework_kit-*"))
    assert installed, "the notebook took the course's checks from elsewhere"
    assert f"✓ {half_done[1]}  error" in text
    assert f"✗ {half_done[2]}  not written yet" in text
    print(f"first ✓ after {seconds:.0f} s")
    assert seconds < MINUTE
