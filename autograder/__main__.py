"""The command line; `python -m autograder --help`."""

import argparse
import sys
from typing import Any

from autograder import commands
from autograder.checks.evidence import printable
from autograder.commands import (
    after,
    authors,
    exporting,
    grading,
    handing,
    machine,
    marking,
    rules,
)
from autograder.errors import ToldError, told
from autograder.grading.forks.zygote_client import zygote
from autograder.settings import SettingsError, find_course


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    main = argparse.ArgumentParser(prog="autograder", description=__doc__.split(";")[0])
    found = main.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in (authors, handing, rules, grading, marking, after, exporting, machine):
        module.add(found)
    return main


def main(arguments: list[str] | None = None) -> int:
    """Run a command; 0 on success, 1 where a check fails, 2 for wrong usage."""
    options = parser().parse_args(arguments)
    unloaded: dict[str, Any] = {"rfc3987_syntax": None}  # checks IRIs, slow to import
    sys.modules.update(unloaded)
    here = options.command == "grade" and not options.scheduler
    if here or options.command in ("score", "audit", "judge"):
        zygote()  # it imports what kernels need, while the grader imports its own
    try:
        return commands.run(find_course(), options)
    except ToldError as error:
        print(f"autograder: {printable(str(error))}", file=sys.stderr)
        return 2 if isinstance(error, SettingsError) else 1
    except OSError as error:
        print(f"autograder: {told(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("autograder: stopped; what was finished is kept", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
