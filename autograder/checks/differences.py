"""What separates two values in form, in words: types, names, shapes, and where NaN stands.

Each function returns two texts. The first may be shown to a student even of a hidden case; the
second adds names, sizes and numbers.
"""

import re
from collections.abc import Collection, Iterable, Sequence

import numpy as np

from autograder.checks.evidence import Array, Foreign, Value

Said = tuple[str, str]
Shape = tuple[int, ...]

NO_RETURN = "returns nothing: is a `return` missing?"
COMMA = "is there a comma too many?"
NAN, INFINITE = "NaN", "infinite values"
KINDS = {
    "tensor": "a torch.Tensor",
    "ndarray": "a numpy.ndarray",
    "number": "a Python number",
    "bool": "a truth value",
}
LAZY = ("generator", "map", "zip", "filter", "coroutine")
CALLABLE = {"method": "method", "builtin_function_or_method": "method"}
CALLABLE |= {name: name for name in ("function", "module", "class")}
OF_SLOPES = "as where a root or a norm of 0 is differentiated"
BACKWARD = f": where the outputs have none, it arises in the backward pass, {OF_SLOPES}"
OF_ROWS = ", as from 0/0 or a softmax over −inf alone"
MOST_NAMES = 4
MOST_PLACES = 3
LONGEST = 80  # characters of a text
EXACT = 2**53  # whole numbers below it are exact in float64


def at(where: str) -> str:
    """The place of a part, for the end of a phrase; nothing for the whole."""
    return f" at {where}" if where else ""


def inside(part: str, where: str) -> tuple[str, str] | None:
    """Where a call stands of whose parameters or gradients a place tells, and the rest of it."""
    found = re.fullmatch(rf"(?:(.+)\.)?{part}(?:\.(.+))?", where)
    return (found[1] or "", found[2] or "") if found else None


def of_types(expected: Value, actual: Value, where: str) -> Said:
    """A value of one kind where one of another kind belongs."""
    given, belongs = _named(actual), f"where {_named(expected)} belongs"
    if gradient := inside("gradients", where):
        call, of = gradient
        if actual is None:
            return f"no gradient reaches {of}{at(call)}", ""
        if expected is None:
            return f"a gradient reaches {of}{at(call)} {belongs}", ""
    match expected, actual:
        case Array(), [Array() as one]:
            return f"a list or tuple of one {_bare(one)}{at(where)} {belongs}: {COMMA}", ""
        case Array(), [Array() as one, *_] if {_named(item) for item in actual} == {_named(one)}:
            return f"a list or tuple of {_bare(one)}s{at(where)} {belongs}", ""
        case Array(kind="number"), Array() if actual.kind in ("tensor", "ndarray"):
            hint = ": `.item()` gives it" if actual.values.size == 1 else ""
            return f"{given}{at(where)} {belongs}{hint}", ""
    return f"{given}{at(where)} {belongs}", ""


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


def _named(value: Value) -> str:
    """The kind of a value, with its article."""
    match value:
        case Array():
            return KINDS.get(value.kind, f"a {value.kind}")
        case Foreign(type_name=name) if name in LAZY:
            return f"a {name}, which has not run yet,"
        case Foreign(type_name=name) if name in CALLABLE:
            return f"a {CALLABLE[name]} that is not called"
        case Foreign(type_name=name):
            return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
        case dict():
            return "a dict"
        case list():
            return "a list or tuple"
    return "None" if value is None else "a str"


def _bare(value: Value) -> str:
    return _named(value).removeprefix("a ")


def of_names(expected: Collection[str], actual: Collection[str], where: str) -> Said:
    """Dicts, or parameters, that have other names."""
    parameters, detail = inside("parameters", where), _missing_and_unknown(expected, actual)
    if parameters is None:
        return f"wrong structure{at(where)}", detail
    is_less, is_more = not set(expected) <= set(actual), not set(actual) <= set(expected)
    kinds = {
        (True, True): "the parameters have other names",
        (True, False): "there are parameters missing",
        (False, True): "there are parameters too many",
    }
    return f"{kinds[is_less, is_more]}{at(parameters[0])}", detail


def of_lengths(expected: Sequence[Value], actual: Sequence[Value], where: str) -> Said:
    """Lists of other lengths; of texts, which ones are missing."""
    detail = f"expected {len(expected)}, got {len(actual)}"
    if all(isinstance(text, str) for text in [*expected, *actual]):
        detail = "; ".join(filter(None, [detail, _missing_and_unknown(expected, actual)]))
    return f"wrong length{at(where)}", detail


def _missing_and_unknown(expected: Collection[str], actual: Collection[str]) -> str:
    lists = {
        "missing": [name for name in expected if name not in actual],
        "unknown": [name for name in actual if name not in expected],
    }
    return "; ".join(f"{kind} {_listed(names)}" for kind, names in lists.items() if names)


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMES
    shown = [name if len(name) <= LONGEST else f"{name[:LONGEST]}…" for name in names[:MOST_NAMES]]
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def of_texts(expected: str, actual: str, where: str) -> Said:
    """Texts that differ; the shape of a parameter is one, too."""
    said = "wrong value" + at(where)
    if parameter := inside("parameters", where):
        said = f"wrong shape of the parameter {parameter[1]}{at(parameter[0])}"
    return said, f"expected {_quoted(expected, actual)}, got {_quoted(actual, expected)}"


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
    said = f"wrong shape{at(where)}" + (f" ({how})" if how else "")
    return said, f"expected {expected}, got {actual}"


def _turned(expected: Shape, actual: Shape) -> str:
    if len(expected) != len(actual):
        return ""
    apart = [i for i, pair in enumerate(zip(expected, actual, strict=True)) if len({*pair}) == 2]
    crossed = [expected[i] for i in apart] == [actual[i] for i in reversed(apart)]
    if crossed and len(apart) == 2:
        return f"axes {apart[0]} and {apart[1]} are exchanged"
    return "the axes stand in another order" if sorted(expected) == sorted(actual) else ""


def _missing(expected: Shape, actual: Shape) -> str:
    axis = _axis_more(expected, actual)
    return axis and f"{axis} is missing"


def _surplus(expected: Shape, actual: Shape) -> str:
    axis = _axis_more(actual, expected)
    return axis and f"{axis} is too many"


def _axis_more(longer: Shape, shorter: Shape) -> str:
    """Which axis a shape has more than another, where it is one axis."""
    axes = [i for i in range(len(longer)) if longer[:i] + longer[i + 1 :] == shorter]
    if not axes:
        return ""
    length = " of length 1" if longer[axes[0]] == 1 else ""
    return f"an axis{length}" if len(axes) > 1 else f"axis {axes[0]}{length and ',' + length + ','}"


def of_every_parameter(where: str) -> Said | None:
    """What it means that not every parameter gets a gradient; None at all other places."""
    call, of = inside("gradients", where) or ("", "")
    is_it = of == "every parameter"
    return (f"no gradient reaches some of the parameters{at(call)}", "") if is_it else None


def of_dtypes(expected: str, actual: str, where: str) -> Said:
    """Numbers of another type."""
    why = ", as numpy's numbers are" if (expected, actual) == ("float32", "float64") else ""
    return f"{actual}{at(where)} where {expected} belongs{why}", ""


def of_odd_numbers(odd: np.ndarray, name: str, where: str) -> Said:
    """Where NaN or infinite numbers stand: everywhere, at whole indices, in rows, or somewhere."""
    gradient = inside("gradients", where)
    what, why = _spread(odd, name)
    if gradient is not None:
        place, why = f" in the gradient of {gradient[1]}{at(gradient[0])}", BACKWARD
    else:
        place = at(where + ("" if what != name else index(np.argwhere(odd)[0])))
    detail = f"{np.count_nonzero(odd)} of {odd.size} numbers" if odd.size > 1 else ""
    return what + place + why, detail


def _spread(odd: np.ndarray, name: str) -> Said:
    """What there is of it, and how that may come about."""
    varying = [axis for axis in range(odd.ndim) if not _constant_along(odd, axis)]
    if not varying:
        return (f"only {name}" if odd.size > 1 else name), ""
    in_rows = odd.ndim - 1 not in varying and odd.shape[-1] > 1
    why = OF_ROWS if in_rows and name == NAN else ""
    if len(varying) == 1 and odd.size > odd.shape[varying[0]]:
        others = tuple(axis for axis in range(odd.ndim) if axis != varying[0])
        return (
            f"{name} throughout {_indices(np.atleast_1d(odd.all(others)))} of axis {varying[0]}",
            why,
        )
    return (f"{name} in whole rows" if in_rows else name), why


def _constant_along(odd: np.ndarray, axis: int) -> bool:
    return bool((odd == odd.take([0], axis=axis)).all())


def _indices(odd: np.ndarray) -> str:
    places = [str(i) for i in np.flatnonzero(odd)]
    if len(places) > MOST_PLACES:
        return "some indices"
    return f"{'indices' if len(places) > 1 else 'index'} {', '.join(places)}"


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
    return "expected {}, got {}".format(*texts)


def _number(x: float, kind: str, digits: int) -> str:
    """A number of a kind of numpy's, "b" for truth values, or "n" for Python's, as it is read."""
    if kind == "b":
        return "true" if x else "false"
    whole = np.isfinite(x) and x == int(x) and abs(x) < EXACT
    return f"{int(x)}" if kind in "iun" and whole else f"{x:.{digits}g}"
