"""The notebook in JupyterLab in a real browser: Run All, and what a student then sees."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import nbformat
import pytest
from handing import right_answers

from autograder.course.sample import filled_in
from autograder.grading.repair.reading import read_notebook
from autograder.settings import find_course

SCREENSHOTS = os.environ.get("SCREENSHOTS")  # a folder to leave pictures in
CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
SECONDS = 240
SETTINGS = {  # the whole notebook in the page at once, and no question about news
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium, which is not installed"),
]


@pytest.fixture
def half_done(tmp_path):
    """A folder with the attention notebook, its first two exercises written and the rest blank."""
    course = find_course(Path(__file__).parent)
    right = right_answers(course, "attention")
    first = dict(list(right.items())[:2])
    nb = filled_in(read_notebook(course.released("attention")), first)
    nbformat.write(nb, tmp_path / "attention.ipynb")
    return tmp_path, list(right)


@pytest.fixture
def lab(half_done):
    """The address of a JupyterLab serving that folder."""
    folder, exercises = half_done
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    for name, setting in SETTINGS.items():
        file = folder / f"config/lab/user-settings/@jupyterlab/{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(setting))
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}"]
    options = ["--ServerApp.token=", "--ServerApp.ip=127.0.0.1", f"--ServerApp.root_dir={folder}"]
    home = {
        **os.environ,
        "HOME": str(folder),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "OMP_NUM_THREADS": "1",
    }
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen([*command, *options], stdout=log, stderr=log, env=home)
        try:
            wait_for(f"http://127.0.0.1:{port}/api")
            yield f"http://127.0.0.1:{port}/lab/tree/attention.ipynb", exercises
        finally:
            server.terminate()
            server.wait(20)


def wait_for(address):
    for _ in range(120):
        try:
            with urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.5)
    raise TimeoutError(address)


def test_run_all_goes_through_and_shows_both_kinds_of_lines(lab):
    from playwright.sync_api import sync_playwright

    address, exercises = lab
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1200, "height": 1400})
        page.goto(address)
        page.get_by_text("Run", exact=True).first.wait_for(timeout=60_000)
        page.wait_for_selector(".jp-NotebookPanel .jp-CodeCell", timeout=60_000)
        page.get_by_text("| Idle").wait_for(timeout=60_000)  # before that, Run All may do nothing
        page.get_by_text("Run", exact=True).first.click()
        page.get_by_text("Run All Cells", exact=True).first.click()
        text = wait_for_summary(page)
        for picture, line in (("passed", "✓ "), ("failed", "✗ ")) if SCREENSHOTS else ():
            page.get_by_text(line).first.scroll_into_view_if_needed()
            page.screenshot(path=Path(SCREENSHOTS) / f"{picture}.png")
        browser.close()
    assert f"✓ {exercises[0]}  error" in text
    assert f"✓ {exercises[1]}  error" in text
    assert f"✗ {exercises[2]}  not written yet" in text


def wait_for_summary(page):
    """All output text, once the last cell has printed its summary."""
    page.wait_for_function(
        "document.querySelector('.jp-Notebook').textContent.includes('points pass their checks')",
        timeout=1000 * SECONDS,
        polling=1000,
    )
    return page.inner_text(".jp-Notebook")
