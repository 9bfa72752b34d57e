"""From any JSON that has cells to a valid nbformat 4.5 notebook; nothing in it is trusted.

Source: nbformat's own JSON schema, which also judges what comes out.
"""

import math
import re
from collections.abc import Iterator
from typing import Any, TypeGuard

from nbformat import NotebookNode, ValidationError
from nbformat.v4 import nbformat_minor
from nbformat.v4.convert import upgrade_cell
from nbformat.v4.rwbase import rejoin_lines
from nbformat.validator import get_validator

Json = dict[str, Any]
MAX_OUTPUT = 1_000_000  # characters per cell; a browser has to show them in formgrader
MAX_SOURCE = 1_000_000
MAX_DEPTH = 40  # widgets and plots nest about ten levels
DROPPED = re.compile(r"\[outputs of (\d+) MB dropped\]\n")
CONVERTED = "autograder-converted"  # from which version; platforms write any `orig_nbformat`
CELL_TYPES = ("code", "markdown", "raw")
CELL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
IDENTIFYING = ("id", "nbgrader", "tags")  # metadata that tell which released cell this is
# what an output has, and what stands for it where it is missing
OUTPUTS: dict[str, Json] = {
    "stream": {"name": "stdout", "text": ""},
    "display_data": {"data": {}, "metadata": {}},
    "execute_result": {"data": {}, "metadata": {}, "execution_count": None},
    "error": {"ename": "", "evalue": "", "traceback": []},
}


def is_notebook(raw: object) -> TypeGuard[Json]:
    """Whether parsed JSON has a notebook's list of cells, or version 3's list of worksheets."""
    return isinstance(raw, dict) and any(
        isinstance(raw.get(key), list) for key in ("cells", "worksheets")
    )


def normalised(raw: Json) -> NotebookNode:
    """A new, valid notebook with these cells in their order; what is not valid is left out."""
    old = not isinstance(raw.get("cells"), list)
    cells = list(_with_ids(map(_cell, _of_worksheets(raw) if old else raw["cells"])))
    metadata = _dict(raw.get("metadata"))
    if old:
        metadata[CONVERTED] = 2 if raw.get("nbformat") == 2 else 3
    nb = _notebook(cells, metadata)
    if not _is_valid(nb):
        nb = _notebook([_valid(cell) for cell in cells], metadata)
        nb.metadata = metadata if _is_valid(_notebook([], metadata)) else NotebookNode()
    return rejoin_lines(nb)


def _notebook(cells: list[NotebookNode], metadata: NotebookNode) -> NotebookNode:
    return NotebookNode(cells=cells, metadata=metadata, nbformat=4, nbformat_minor=nbformat_minor)


def _is_valid(nb: NotebookNode) -> bool:
    try:
        get_validator(4, nbformat_minor, name="fastjsonschema").validate(nb)
    except ValidationError:
        return False
    return True


def _valid(cell: NotebookNode) -> NotebookNode:
    """A cell without the parts that nbformat refuses."""
    known = NotebookNode({k: cell.metadata[k] for k in IDENTIFYING if k in cell.metadata})
    spares = {"outputs": [], "attachments": NotebookNode(), "metadata": known}
    for part, spare in spares.items():
        if _is_valid(_notebook([cell], NotebookNode())):
            break
        if part in cell:
            cell = NotebookNode({**cell, part: spare})
    return cell


def _of_worksheets(raw: Json) -> Iterator[object]:
    """The cells of nbformat 2 and 3, upgraded by nbformat where they have the shape for it."""
    for sheet in raw.get("worksheets", []):
        cells = sheet.get("cells") if isinstance(sheet, dict) else None
        for cell in cells if isinstance(cells, list) else []:
            yield _upgraded(cell)


def _upgraded(cell: Any) -> object:
    cell = clean(cell)
    try:
        upgraded = upgrade_cell(NotebookNode({**cell, "source": text(cell.get("source"))}))
    except (AttributeError, KeyError, TypeError, ValueError):
        return cell
    return {**upgraded, "id": None}  # it would be a random one


def _with_ids(cells: Iterator[NotebookNode]) -> Iterator[NotebookNode]:
    """Each cell with a valid id of its own; the first one keeps an id that stands twice."""
    seen: set[str] = set()
    for index, cell in enumerate(cells):
        if cell["id"] is None or cell["id"] in seen:
            cell["id"] = free_id(f"unnamed-{index:03d}", seen)
        seen.add(cell["id"])
        yield cell


def free_id(wanted: str, taken: set[str]) -> str:
    """An id like the one wanted that is not taken."""
    while wanted in taken:
        wanted += "x"
    return wanted


def _cell(raw: object) -> NotebookNode:
    raw = raw if isinstance(raw, dict) else {"source": raw}
    kind = raw.get("cell_type") if raw.get("cell_type") in CELL_TYPES else "raw"
    cell = NotebookNode(
        id=_id(raw.get("id")),
        cell_type=kind,
        metadata=_cell_metadata(raw.get("metadata")),
        source=text(raw.get("source", raw.get("input")))[:MAX_SOURCE],
    )
    if kind == "code":
        cell["outputs"] = _outputs(raw.get("outputs"))
        cell["execution_count"] = _count(raw.get("execution_count"))
    elif isinstance(raw.get("attachments"), dict):
        cell["attachments"] = clean(raw["attachments"])
    return cell


def _id(value: object) -> str | None:
    return value if isinstance(value, str) and CELL_ID.fullmatch(value) else None


def _count(value: object) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _cell_metadata(value: object) -> NotebookNode:
    metadata = _dict(value)
    if "tags" in metadata:
        metadata["tags"] = tags(metadata["tags"])
    return metadata


def tags(value: object) -> list[str]:
    """Those that nbformat allows."""
    found = value if isinstance(value, list) else []
    return [t for t in dict.fromkeys(filter(_is_text, found)) if t and "," not in t]


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _dict(value: object) -> NotebookNode:
    return clean(value) if isinstance(value, dict) else NotebookNode()


def text(value: object) -> str:
    """The text of a source: one string or a list of lines, with or without their ends."""
    if isinstance(value, list):
        lines = [line for line in value if isinstance(line, str)]
        ended = any(line.endswith(("\n", "\r")) for line in lines)
        value = ("" if ended else "\n").join(lines)
    if not isinstance(value, str):
        return ""
    return _encodable(value.replace("\r\n", "\n").replace("\r", "\n")).replace("\0", "\ufffd")


def _encodable(value: str) -> str:
    """Lone surrogates can be read from JSON, but not written to a file."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


def _outputs(raw: object) -> list[NotebookNode]:
    size = size_of(raw)
    if size > MAX_OUTPUT:
        said = f"[outputs of {max(1, round(size / 1_000_000))} MB dropped]\n"
        return [NotebookNode(output_type="stream", name="stderr", text=said)]
    return [_output(item) for item in _list(raw) if _is_output(item)]


def _is_output(item: object) -> bool:
    return isinstance(item, dict) and str(item.get("output_type")) in OUTPUTS


def _output(raw: Json) -> NotebookNode:
    parts = {key: raw.get(key, spare) for key, spare in OUTPUTS[raw["output_type"]].items()}
    return clean({"output_type": raw["output_type"], **parts})


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def size_of(value: object) -> int:
    """About how many characters a value takes as JSON."""
    size, rest = 0, [value]
    while rest:
        item = rest.pop()
        size += len(item) if isinstance(item, str) else 4
        if isinstance(item, dict):
            rest += [*item, *item.values()]
        elif isinstance(item, list):
            rest += item
    return size


def clean(value: Any, depth: int = 0) -> Any:
    """A copy that can be written as JSON: finite, encodable, nested no deeper than a plot."""
    if depth > MAX_DEPTH or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, str):
        return _encodable(value)
    if isinstance(value, list):
        return [clean(item, depth + 1) for item in value]
    if isinstance(value, dict):
        items = value.items()
        return NotebookNode({_encodable(str(k)): clean(v, depth + 1) for k, v in items})
    return value
