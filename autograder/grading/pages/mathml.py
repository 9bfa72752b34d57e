"""Formulas as MathML, which browsers set by themselves: no script, no font, nothing loaded.

What the converter makes of a student's LaTeX is not to be trusted, `\\href` and `\\text` among it:
its tree is written anew here, with the elements, attributes and values of an allow-list.

Source: "MathML Core", W3C.
"""

import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from html import escape, unescape
from xml.etree.ElementTree import Element

ELEMENTS = (
    *("math", "mrow", "mstyle", "mpadded", "mphantom", "mi", "mn", "mo", "mtext", "mspace"),
    *("msub", "msup", "msubsup", "munder", "mover", "munderover", "mmultiscripts", "mprescripts"),
    *("mfrac", "msqrt", "mroot", "mtable", "mtr", "mtd", "none"),
)
ATTRIBUTES = (
    *("display", "displaystyle", "scriptlevel", "stretchy", "fence", "form", "separator"),
    *("largeop", "movablelimits", "accent", "accentunder", "linethickness", "columnalign"),
    *("lspace", "rspace", "minsize", "maxsize", "width", "height", "depth", "voffset"),
)
VALUE = re.compile(r"[a-z0-9.%+-]{1,20}")
SPACES = {  # of TeX by name; MathML Core knows lengths alone
    f"{sign}{name}mathspace": f"{minus}{width}em"
    for sign, minus in (("", ""), ("negative", "-"))
    for name, width in {"thin": 0.1667, "medium": 0.2222, "thick": 0.2778}.items()
}
SIMILAR = ("mi", "~")  # what the converter makes of `\sim`, and is no relation
LONGEST, KEPT = 2000, 2048  # characters of a formula; formulas, most of them the assignment's


@lru_cache(KEPT)
def as_mathml(latex: str, *, display: bool) -> str:
    """A formula, on a line of its own or in one.

    Raises whatever the converter does at what it cannot read; ValueError for what is longer than
    a formula, or holds other elements.
    """
    if len(latex) > LONGEST:
        raise ValueError(f"more than {LONGEST} characters")
    from latex2mathml.converter import convert_to_element  # slow to import, for pages alone

    tree = convert_to_element(latex, display="block" if display else "inline")
    return "".join(_written(tree))


def _written(element: Element) -> Iterator[str]:
    if element.tag not in ELEMENTS:
        raise ValueError(f"no element of formulas: {element.tag}")
    if (element.tag, unescape(element.text or "")) == SIMILAR:
        element.tag, element.text = "mo", "∼"
    attributes = "".join(f' {name}="{value}"' for name, value in _attributes(element))
    yield f"<{element.tag}{attributes}>"
    yield escape(_text(element))
    for child in _joined(element):
        yield from _written(child)
    yield f"</{element.tag}>"


def _attributes(element: Element) -> Iterator[tuple[str, str]]:
    for name, value in element.attrib.items():
        value = SPACES.get(value, value)
        if name in ATTRIBUTES and VALUE.fullmatch(value):
            yield name, value
    if _is_upright(element) and len(_text(element)) == 1:
        yield "mathvariant", "normal"
    if element.tag == "math" and element.get("display") == "block":
        yield "tabindex", "0"  # a long one is scrolled by its reader's keyboard, too


def _joined(element: Element) -> Iterator[Element]:
    """Its children; upright letters in a row, as of a name, are one word."""
    word: Element | None = None
    for child in element:
        if element.tag == "mrow" and _is_upright(child):
            if word is None:
                word = Element(child.tag, child.attrib)
                word.text = ""
            word.text = f"{word.text}{child.text or ''}"
            continue
        if word is not None:
            yield word
            word = None
        yield child
    if word is not None:
        yield word


def _is_upright(element: Element) -> bool:
    return element.tag == "mi" and element.get("mathvariant") == "normal"


def _text(element: Element) -> str:
    """Its text, in letters of its own alphabet: browsers know no other way to set them."""
    text, alphabet = unescape(element.text or ""), element.get("mathvariant", "normal")
    if alphabet == "normal" or len(text) > 1:
        return text
    return "".join(_in_alphabet(letter, alphabet.upper()) for letter in text)


def _in_alphabet(letter: str, alphabet: str) -> str:
    """As "MATHEMATICAL SCRIPT CAPITAL A" for A; some, like ℝ, have a shorter name."""
    name = unicodedata.name(letter, "").removeprefix("LATIN ").removeprefix("GREEK ")
    name = name.replace(" LETTER ", " ")
    for prefix in ("MATHEMATICAL ", ""):
        for style in (alphabet, alphabet.replace("-", " ")):
            with suppress(KeyError):
                return unicodedata.lookup(f"{prefix}{style} {name}")
    return letter
