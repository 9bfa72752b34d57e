"""What a safetensors file says besides its arrays."""

import json
from typing import Any


def metadata_of(data: bytes) -> Any:
    """The metadata in a file's header, whatever they are: the file may be anybody's.

    Raises ValueError, KeyError, TypeError or RecursionError where there are none. Source: the
    safetensors format, whose first eight bytes are the size of a header in JSON.
    """
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    return header["__metadata__"]
