"""JupyterLab in a real browser, for tests that look at a notebook as a student does."""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
SETTINGS = {  # the whole notebook in the page at once, and no question about news
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
needs_browser = pytest.mark.skipif(
    CHROMIUM is None, reason="needs Chromium, which is not installed"
)


@contextmanager
def serving(folder: Path, python: str | Path) -> Iterator[str]:
    """The address of a JupyterLab of some Python, which shows the notebooks of a folder."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(python), "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}"]
    options = ["--ServerApp.token=", "--ServerApp.ip=127.0.0.1", f"--ServerApp.root_dir={folder}"]
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(
            [*command, *options], stdout=log, stderr=log, env=_environment(folder)
        )
        try:
            _wait_for(f"http://127.0.0.1:{port}/api")
            yield f"http://127.0.0.1:{port}/lab/tree"
        finally:
            server.terminate()
            server.wait(20)


def _environment(folder: Path) -> dict[str, str]:
    for name, setting in SETTINGS.items():
        file = folder / f"config/lab/user-settings/@jupyterlab/{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(setting))
    usual = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    own = {"HOME": str(folder), "JUPYTER_CONFIG_DIR": str(folder / "config")}
    return {**usual, **own, "OMP_NUM_THREADS": "1"}


def _wait_for(address: str) -> None:
    for _ in range(240):
        try:
            with urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.5)
    raise TimeoutError(address)


@contextmanager
def running_all(address: str):
    """The page of a notebook in which *Run All Cells* was clicked."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1200, "height": 1400})
        page.goto(address)
        page.get_by_text("Run", exact=True).first.wait_for(timeout=120_000)
        page.wait_for_selector(".jp-NotebookPanel .jp-CodeCell", timeout=120_000)
        page.get_by_text("| Idle").wait_for(timeout=120_000)  # before that, Run All may do nothing
        page.get_by_text("Run", exact=True).first.click()
        page.get_by_text("Run All Cells", exact=True).first.click()
        yield page
        browser.close()


def wait_for_text(page, text: str, seconds: float) -> str:
    """All text of the notebook, once it has this one."""
    page.wait_for_function(
        "text => document.querySelector('.jp-Notebook').textContent.includes(text)",
        arg=text,
        timeout=1000 * seconds,
        polling=200,
    )
    return page.inner_text(".jp-Notebook")
