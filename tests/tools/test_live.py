"""A figure that is updated in place: one output, however often it is drawn."""

from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

CELL = """
from autograder.tools.live import LiveFigure

live = LiveFigure(panels=2)
for last in range(1, 4):
    live.draw(lambda left, right: (left.plot(range(last)), right.set(title=f"{last}")))
"""
COUNT = "[len(axes.lines) for axes in live.axes], live.axes[1].get_title()"


def test_it_stays_one_output_and_shows_the_last_drawing():
    nb = new_notebook(cells=[new_code_cell(CELL), new_code_cell(COUNT)])
    NotebookClient(nb, timeout=60, kernel_name="python3").execute()
    (shown,) = nb.cells[0].outputs
    assert "image/png" in shown.data
    assert nb.cells[1].outputs[0].data["text/plain"] == "([1, 0], '3')"
