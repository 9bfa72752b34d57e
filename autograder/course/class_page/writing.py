"""Writing the class page and its tables."""

import io
from collections.abc import Callable, Collection
from importlib import import_module
from pathlib import Path

from autograder.course.class_page.page import class_page
from autograder.course.class_page.survey import folder_of_class, survey
from autograder.course.class_page.tables import Table, tables_of
from autograder.files import write_rows, write_whole
from autograder.settings import Course, SettingsError

PAGE = "report.html"


def write_class_page(course: Course, assignment: str, forms: Collection[str]) -> list[Path]:
    """Write what is wanted of `html`, `csv` and `parquet`: the files.

    Raises UnfinishedError where nothing is graded, SettingsError where Parquet cannot be written.
    """
    if "parquet" in forms:
        _refuse_without_pyarrow()
    found, folder = survey(course, assignment), folder_of_class(course, assignment)
    paths = []
    if "html" in forms:
        write_whole(folder / PAGE, class_page(found, course))
        paths.append(folder / PAGE)
    for form in [form for form in WRITERS if form in forms]:
        for table in tables_of(found, course):
            path = folder / f"{table.name}.{form}"
            WRITERS[form](table, path)
            paths.append(path)
    return paths


def _refuse_without_pyarrow() -> None:
    try:
        import_module("pyarrow.parquet")
    except ImportError:
        raise SettingsError(
            "--parquet needs pyarrow: pip install 'coursework-kit[parquet]'"
        ) from None


def _write_csv(table: Table, path: Path) -> None:
    write_rows(path, [[*table.columns], *table.rows])


def _write_parquet(table: Table, path: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    types = {
        str: pyarrow.string(),
        float: pyarrow.float64(),
        int: pyarrow.int64(),
        bool: pyarrow.bool_(),
    }
    schema = pyarrow.schema([(name, types[kind]) for name, kind in table.columns.items()])
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    content = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(rows, schema), content)
    write_whole(path, content.getvalue())


WRITERS: dict[str, Callable[[Table, Path], None]] = {"csv": _write_csv, "parquet": _write_parquet}
