"""How much of a notebook is read as code: parsing takes a second for a megabyte, and is repeated.

Nobody writes so much by hand. Where there is more, the largest cells are left out, for the others
are a student's work.
"""

from nbformat import NotebookNode

MAX_READ = 2_000_000  # characters, of all cells that are read
MAX_PROSE = 20_000  # of a text cell that may be code, turned into text; longer ones hold pictures


def may_be_code(cell: NotebookNode) -> bool:
    """Whether a cell is read as code: text may be code whose cell was turned into text."""
    return cell.cell_type == "code" or len(cell.source) <= MAX_PROSE


def leave_out_largest(cells: list[NotebookNode]) -> list[str]:
    """Empty the largest cells where there is too much to read; a line for each of them."""
    read = [index for index, cell in enumerate(cells) if may_be_code(cell)]
    total, report = sum(len(cells[index].source) for index in read), []
    for index in sorted(read, key=lambda index: (-len(cells[index].source), -index)):
        if total <= MAX_READ:
            break
        total -= len(cells[index].source)
        cells[index].source = ""
        report.append(f"cell {index + 1}: left out, the notebook has more than 2 MB of code")
    return report
