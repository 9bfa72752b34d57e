"""What an instructor writes into `nbgrader_config.py` about grades, read with one-line errors."""

import math
import re
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from traitlets import TraitError
from traitlets.config import Config, Configurable

from autograder.settings import CONFIG_FILE, SettingsError

OBJECT = re.compile(r"<(\S+) object at 0x\w+>")
Of = TypeVar("Of", bound=Configurable)


def configured(kind: type[Of], config: Config) -> Of:
    """An object with its settings.

    Raises SettingsError, also for a name that means nothing, which traitlets would pass over.
    """
    for name in config.get(kind.__name__, {}):
        if not name[:1].isupper():  # else it is a class inside
            known_of(f"c.{kind.__name__}", name, kind.class_trait_names(config=True))
    try:
        return kind(config=config)
    except TraitError as error:
        said = OBJECT.sub(r"\1", " ".join(str(error).split()))
        raise SettingsError(f"{CONFIG_FILE}: {said}") from None


def known_of(where: str, name: object, known: Iterable[str]) -> str:
    """A name that is one of these. Raises SettingsError, which says what may be meant."""
    names = sorted(known)
    if name in names:
        return str(name)
    near = get_close_matches(str(name), names, 1)
    hint = f"; is {near[0]} meant?" if near else ""
    raise SettingsError(f"{where}: {name} is none of {', '.join(names) or '(nothing)'}{hint}")


def table_of(where: str, value: Any, names: Collection[str]) -> Mapping[str, Any]:
    """A dictionary with no other keys than these. Raises SettingsError."""
    if not isinstance(value, Mapping):
        raise SettingsError(f"{where}: {{'{min(names)}': …}} is wanted, not {value!r}")
    for name in value:
        known_of(where, name, names)
    return {**value}


def amount_of(where: str, value: Any) -> float:
    """A number of at least 0. Raises SettingsError."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not value >= 0:  # NaN is not, either
        raise SettingsError(f"{where}: a number of at least 0 is wanted, not {value!r}")
    return float(value)


def finite_of(where: str, value: Any) -> float:
    """The same, and not infinite. Raises SettingsError."""
    if math.isinf(amount := amount_of(where, value)):
        raise SettingsError(f"{where}: a finite number is wanted, not {value!r}")
    return amount


def names_of(where: str, value: Any) -> list[str]:
    """A list of names; a text alone would be taken for its letters. Raises SettingsError."""
    is_list = isinstance(value, list | tuple)
    if not is_list or not all(isinstance(each, str) for each in value):
        raise SettingsError(f"{where}: a list is wanted, as ['max_pool'], not {value!r}")
    return [*value]
