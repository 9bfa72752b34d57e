"""How a table that another program wrote is encoded."""

import codecs

MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
ENCODINGS = ("utf-8", "gb18030", "cp1252")
MARK = "\ufeff"


def decoded(data: bytes) -> tuple[str, str]:
    """A text and its encoding; the text begins with its byte-order mark, where it has one.

    Encoded again it is the same data, byte for byte.
    """
    marked = next((encoding for mark, encoding in MARKS.items() if data.startswith(mark)), "")
    bare = "utf-16-le" if data[1:2] == b"\0" else ""  # a first letter, and no mark before it
    for encoding in filter(None, (marked, bare, *ENCODINGS)):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if text.encode(encoding) == data:
            return text, encoding
    return data.decode("latin-1"), "latin-1"
