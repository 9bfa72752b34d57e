"""A drawing that a notebook shows: SVG inside HTML, lines and letters in the page's colour."""

from dataclasses import dataclass
from html import escape

SMALLEST = 0.75  # a narrow page scrolls sideways before letters get smaller than that


@dataclass(frozen=True)
class Diagram:
    """A picture of `size` (width, height) in pixels, with a title and a description in words."""

    title: str
    description: str
    size: tuple[int, int]
    body: str

    @property
    def svg(self) -> str:
        """The picture as an `<svg>` element."""
        width, height = self.size
        style = (
            f"width: 100%; max-width: {width}px; min-width: {SMALLEST * width:.0f}px; height: auto"
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
            f' aria-label="{escape(self.title)}" font-family="inherit" style="{style}">'
            f"<title>{escape(self.title)}</title><desc>{escape(self.description)}</desc>"
            f"{self.body}</svg>"
        )

    def _repr_html_(self) -> str:
        return f'<div style="overflow-x: auto; margin: 0.5em 0">{self.svg}</div>'

    def __repr__(self) -> str:
        return f"{self.title}: {self.description}"
