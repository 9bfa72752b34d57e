"""What separates two values in form, in words: types, names, shapes, and where NaN stands.

Each function returns two texts. The first may be shown to a student even of a hidden case; the
second adds names, sizes and numbers.
"""

import re
from collections.abc import Collection, Iterable, Sequence

import numpy as np

from autograder.checks.evidence import Array, Foreign, Value
from autograder.checks.language import N_, _, word

Said = tuple[str, str]
Shape = tuple[int, ...]

NO_RETURN = N_("returns nothing: is a `return` missing?")
COMMA = N_("is there a comma too many?")
NAN, INFINITE = "NaN", N_("infinite values")
KINDS = {
    "tensor": N_("a torch.Tensor"),
    "ndarray": N_("a numpy.ndarray"),
    "number": N_("a Python number"),
    "bool": N_("a truth value"),
}
LAZY = ("generator", "map", "zip", "filter", "coroutine")
UNCALLED = {
    "method": N_("a method that is not called"),
    "builtin_function_or_method": N_("a method that is not called"),
    "function": N_("a function that is not called"),
    "module": N_("a module that is not called"),
    "class": N_("a class that is not called"),
}
OF_SLOPES = N_("as where a root or a norm of 0 is differentiated")
BACKWARD = N_(": where the outputs have none, it arises in the backward pass, {why}")
OF_ROWS = N_(", as from 0/0 or a softmax over −inf alone")
ARGUMENT = "argument "  # and its number: a place of gradients
MOST_NAMES = 4
MOST_PLACES = 3
LONGEST = 80  # characters of a text
EXACT = 2**53  # whole numbers below it are exact in float64


def at(where: str) -> str:
    """The place of a part, for the end of a phrase; nothing for the whole."""
    return _(" at {where}").format(where=where) if where else ""


def named(part: str) -> str:
    """What gets a gradient, as students know it: a parameter by its name, an argument by number."""
    number = part.removeprefix(ARGUMENT)
    return part if number == part else _("argument {number}").format(number=number)


def inside(part: str, where: str) -> tuple[str, str] | None:
    """Where a call stands of whose parameters or gradients a place tells, and the rest of it."""
    found = re.fullmatch(rf"(?:(.+)\.)?{part}(?:\.(.+))?", where)
    return (found[1] or "", found[2] or "") if found else None


def of_types(expected: Value, actual: Value, where: str) -> Said:
    """A value of one kind where one of another kind belongs."""
    said, given = _("{given}{at} where {expected} belongs"), _kind_of(actual)
    if gradient := inside("gradients", where):
        call, of = gradient[0], named(gradient[1])
        if actual is None:
            return _("no gradient reaches {name}{at}").format(name=of, at=at(call)), ""
        if expected is None:
            said, where = _("a gradient reaches {given}{at} where {expected} belongs"), call
            given = of
    match expected, actual:
        case Array(), [Array() as one]:
            said = _("a list or tuple of one {given}{at} where {expected} belongs: {hint}")
            given = _bare(one)
        case Array(), [Array() as one, *rest] if {*map(_kind_of, rest)} == {_kind_of(one)}:
            said = _("a list or tuple of {given}s{at} where {expected} belongs")
            given = _bare(one)
        case Array(kind="number"), Array() if actual.kind in ("tensor", "ndarray"):
            if actual.values.size == 1:
                said = _("{given}{at} where {expected} belongs: `.item()` gives it")
    parts = {"given": given, "at": at(where), "expected": _kind_of(expected), "hint": _(COMMA)}
    return said.format(**parts), ""


def nothing(answer: Value) -> bool:
    """Whether an answer is None, or each of the answers to several calls."""
    match answer:
        case {"output": output}:
            return nothing(output)
        case dict():
            return nothing([*answer.values()])
        case [*answers] if answers:
            return all(map(nothing, answers))
    return answer is None


def _kind_of(value: Value) -> str:
    """The kind of a value, with its article."""
    match value:
        case Array():
            return _(KINDS[value.kind]) if value.kind in KINDS else f"a {value.kind}"
        case Foreign(type_name=name) if name in LAZY:
            return _("a {name}, which has not run yet,").format(name=name)
        case Foreign(type_name=name) if name in UNCALLED:
            return _(UNCALLED[name])
        case Foreign(type_name=name):
            article = _("an {name}") if name[:1].lower() in "aeiou" else _("a {name}")
            return article.format(name=name)
        case dict():
            return _("a dict")
        case list():
            return _("a list or tuple")
    return "None" if value is None else _("a str")


def _bare(value: Value) -> str:
    return _kind_of(value).removeprefix("a ")


def of_names(expected: Collection[str], actual: Collection[str], where: str) -> Said:
    """Dicts, or parameters, that have other names."""
    parameters, detail = inside("parameters", where), _missing_and_unknown(expected, actual)
    if parameters is None:
        return _("wrong structure{at}").format(at=at(where)), detail
    is_less, is_more = not set(expected) <= set(actual), not set(actual) <= set(expected)
    kinds = {
        (True, True): _("the parameters have other names{at}"),
        (True, False): _("there are parameters missing{at}"),
        (False, True): _("there are parameters too many{at}"),
    }
    return kinds[is_less, is_more].format(at=at(parameters[0])), detail


def of_lengths(expected: Sequence[Value], actual: Sequence[Value], where: str) -> Said:
    """Lists of other lengths; of texts, which ones are missing."""
    detail = expected_and_got(len(expected), len(actual))
    if all(isinstance(text, str) for text in [*expected, *actual]):
        detail = "; ".join(filter(None, [detail, _missing_and_unknown(expected, actual)]))
    return _("wrong length{at}").format(at=at(where)), detail


def _missing_and_unknown(expected: Collection[str], actual: Collection[str]) -> str:
    lists = {
        _("missing {names}"): [name for name in expected if name not in actual],
        _("unknown {names}"): [name for name in actual if name not in expected],
    }
    return "; ".join(said.format(names=_listed(names)) for said, names in lists.items() if names)


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMES
    shown = [name if len(name) <= LONGEST else f"{name[:LONGEST]}…" for name in names[:MOST_NAMES]]
    rest = _(" and {count} more").format(count=more) if more > 0 else ""
    return ", ".join(shown) + rest


def of_texts(expected: str, actual: str, where: str) -> Said:
    """Texts that differ; the shape of a parameter is one, too."""
    said = _("wrong value{at}").format(at=at(where))
    if parameter := inside("parameters", where):
        call, name = parameter
        said = _("wrong shape of the parameter {name}{at}").format(name=name, at=at(call))
    expected, actual = word(expected), word(actual)
    return said, expected_and_got(_quoted(expected, actual), _quoted(actual, expected))


def expected_and_got(expected: object, actual: object) -> str:
    """Two things side by side."""
    return _("expected {expected}, got {actual}").format(expected=expected, actual=actual)


def _quoted(text: str, other: str) -> str:
    """A text around where it begins to differ; in quotes where its ends could not be seen."""
    pairs = zip(text, other, strict=False)
    common = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(text), len(other)))
    start = max(0, common - LONGEST // 2) if len(text) > LONGEST else 0
    cut = text[start : start + LONGEST]
    seen = repr(cut) if cut != cut.strip() or "\n" in cut or not cut else cut
    return "…" * (start > 0) + seen + "…" * (start + LONGEST < len(text))


def of_shapes(expected: Shape, actual: Shape, where: str) -> Said:
    """Shapes that differ, and how, where one step explains it."""
    how = _turned(expected, actual) or _missing(expected, actual) or _surplus(expected, actual)
    said = _("wrong shape{at}").format(at=at(where)) + (f" ({how})" if how else "")
    return said, expected_and_got(expected, actual)


def _turned(expected: Shape, actual: Shape) -> str:
    if len(expected) != len(actual):
        return ""
    apart = [i for i, pair in enumerate(zip(expected, actual, strict=True)) if len({*pair}) == 2]
    crossed = [expected[i] for i in apart] == [actual[i] for i in reversed(apart)]
    if crossed and len(apart) == 2:
        return _("axes {one} and {other} are exchanged").format(one=apart[0], other=apart[1])
    return _("the axes stand in another order") if sorted(expected) == sorted(actual) else ""


def _missing(expected: Shape, actual: Shape) -> str:
    axis = _axis_more(expected, actual)
    return axis and _("{axis} is missing").format(axis=axis)


def _surplus(expected: Shape, actual: Shape) -> str:
    axis = _axis_more(actual, expected)
    return axis and _("{axis} is too many").format(axis=axis)


def _axis_more(longer: Shape, shorter: Shape) -> str:
    """Which axis a shape has more than another, where it is one axis."""
    axes = [i for i in range(len(longer)) if longer[:i] + longer[i + 1 :] == shorter]
    if not axes:
        return ""
    is_single = longer[axes[0]] == 1
    if len(axes) > 1:
        return _("an axis of length 1") if is_single else _("an axis")
    said = _("axis {axis}, of length 1,") if is_single else _("axis {axis}")
    return said.format(axis=axes[0])


def of_every_parameter(where: str) -> Said | None:
    """What it means that not every parameter gets a gradient; None at all other places."""
    call, of = inside("gradients", where) or ("", "")
    is_it = of == "every parameter"
    said = _("no gradient reaches some of the parameters{at}").format(at=at(call))
    return (said, "") if is_it else None


def of_dtypes(expected: str, actual: str, where: str) -> Said:
    """Numbers of another type."""
    said = _("{given}{at} where {expected} belongs")
    if (expected, actual) == ("float32", "float64"):
        said = _("{given}{at} where {expected} belongs, as numpy's numbers are")
    return said.format(given=actual, at=at(where), expected=expected), ""


def of_odd_numbers(odd: np.ndarray, name: str, where: str) -> Said:
    """Where NaN or infinite numbers stand: everywhere, at whole indices, in rows, or somewhere."""
    gradient = inside("gradients", where)
    what, why = _spread(odd, name)
    if gradient is not None:
        call, of = gradient
        place = _(" in the gradient of {name}{at}").format(name=named(of), at=at(call))
        why = _(BACKWARD).format(why=_(OF_SLOPES))
    else:
        place = at(where + ("" if what != _(name) else index(np.argwhere(odd)[0])))
    detail = _("{count} of {size} numbers").format(count=np.count_nonzero(odd), size=odd.size)
    return what + place + why, detail if odd.size > 1 else ""


def _spread(odd: np.ndarray, name: str) -> Said:
    """What there is of it, and how that may come about."""
    varying = [axis for axis in range(odd.ndim) if not _constant_along(odd, axis)]
    if not varying:
        return (_("only {what}") if odd.size > 1 else "{what}").format(what=_(name)), ""
    in_rows = odd.ndim - 1 not in varying and odd.shape[-1] > 1
    why = _(OF_ROWS) if in_rows and name == NAN else ""
    if len(varying) == 1 and odd.size > odd.shape[varying[0]]:
        others = tuple(axis for axis in range(odd.ndim) if axis != varying[0])
        indices = _indices(np.atleast_1d(odd.all(others)))
        said = _("{what} throughout {indices} of axis {axis}")
        return said.format(what=_(name), indices=indices, axis=varying[0]), why
    return (_("{what} in whole rows") if in_rows else "{what}").format(what=_(name)), why


def _constant_along(odd: np.ndarray, axis: int) -> bool:
    return bool((odd == odd.take([0], axis=axis)).all())


def _indices(odd: np.ndarray) -> str:
    places = [str(i) for i in np.flatnonzero(odd)]
    if len(places) > MOST_PLACES:
        return _("some indices")
    said = _("indices {places}") if len(places) > 1 else _("index {places}")
    return said.format(places=", ".join(places))


def index(place: Iterable[object]) -> str:
    """The place of a number in an array; nothing where there is one number."""
    indices = ", ".join(map(str, place))
    return f"[{indices}]" if indices else ""


def of_numbers(expected: float, actual: float, kind: str) -> str:
    """Two numbers with as many digits as it takes to see that they differ."""
    for digits in (6, 9, 17):
        texts = [_number(x, kind, digits) for x in (expected, actual)]
        if texts[0] != texts[1]:
            break
    return expected_and_got(*texts)


def _number(x: float, kind: str, digits: int) -> str:
    """A number of a kind of numpy's, "b" for truth values, or "n" for Python's, as it is read."""
    if kind == "b":
        return _("true") if x else _("false")
    whole = np.isfinite(x) and x == int(x) and abs(x) < EXACT
    return f"{int(x)}" if kind in "iun" and whole else f"{x:.{digits}g}"
