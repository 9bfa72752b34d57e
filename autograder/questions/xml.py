"""XML that other systems read, of texts that may hold anything."""

import re
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

# What XML 1.0 does not allow, even escaped. Source: "Extensible Markup Language 1.0", 2.2.
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'


def add(parent: Element, tag: str, text: str = "", **attributes: str) -> Element:
    """A new child with a text."""
    child = SubElement(parent, tag, attributes)
    child.text = allowed(text)
    return child


def allowed(text: str) -> str:
    """A text without characters that would make a file unreadable."""
    return FORBIDDEN.sub("\ufffd", text)


def to_bytes(root: Element) -> bytes:
    """A whole file."""
    ElementTree.indent(root)
    return DECLARATION + ElementTree.tostring(root, encoding="utf-8", xml_declaration=False)
