"""What several commands need: kinds of arguments, and a progress bar."""

import argparse
import sys
from collections.abc import Iterable
from typing import Any, TypeAlias

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def number(text: str) -> int:
    """A whole number above 0."""
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def add_sandbox_switch(command: argparse.ArgumentParser) -> None:
    """Let student code run unconfined."""
    command.add_argument(
        "--no-sandbox", action="store_true", help="run student code unconfined, as yourself"
    )


def add_workers(command: argparse.ArgumentParser) -> None:
    """Let many submissions be worked on side by side."""
    command.add_argument("--workers", type=number, metavar="N", help="default: one for each core")


def progress(what: str, items: Iterable[Any], total: int) -> Iterable[Any]:
    """The same items, with a bar on stderr while they are gone through."""
    from tqdm import tqdm

    return tqdm(items, desc=what, total=total, file=sys.stderr, disable=total == 0)
