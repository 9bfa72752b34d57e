"""A figure that is drawn again in place while numbers come in."""

from collections.abc import Callable

import matplotlib.pyplot as plt
from IPython.display import DisplayHandle, display


class LiveFigure:
    """Panels side by side, shown once and then updated without flicker.

    In Jupyter, Colab and nbclient, which all update an output by its display id; the last drawing
    is what stays in the notebook.
    """

    def __init__(self, panels: int, *, size: tuple[float, float] = (10, 3.4)) -> None:
        self.figure, axes = plt.subplots(1, panels, figsize=size, squeeze=False)
        self.axes = tuple(axes[0])
        plt.close(self.figure)  # or the cell would show it once more at its end
        self._shown: DisplayHandle | None = None

    def draw(self, draw: Callable[..., None]) -> None:
        """Clear all panels and let `draw` fill them; it gets each one's axes as an argument."""
        for axes in self.axes:
            axes.clear()
        draw(*self.axes)
        if self._shown is None:
            self._shown = display(self.figure, display_id=True)
        else:
            self._shown.update(self.figure)
