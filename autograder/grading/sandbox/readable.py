"""What confined code may read: programs, Python, its packages, and the libraries that they load.

No folder is named whose other contents are anybody's business: not /usr, not /opt, and of the
prefix of a virtual environment, which may be the course's own folder, only what Python reads.
"""

import os
import sys
import sysconfig
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import autograder

PACKAGES = ("site-packages", "dist-packages")
SYSTEM = (
    *("/usr/lib/locale", "/usr/share/fonts", "/usr/share/fontconfig", "/usr/share/zoneinfo"),
    *("/usr/include", "/usr/lib/gcc", "/usr/libexec/gcc"),  # torch may compile
    *("/etc/ld.so.cache", "/etc/localtime", "/etc/fonts", "/etc/passwd", "/etc/nsswitch.conf"),
    "/etc/alternatives",  # which some names of programs lead to
)
OF_A_PREFIX = ("bin", "lib", "lib64", "share/zoneinfo", "pyvenv.cfg")


@cache
def readable() -> tuple[str, ...]:
    """The paths that exist here, each once."""
    found = (path for path in _paths() if os.path.isabs(path) and os.path.exists(path))
    return tuple(dict.fromkeys(os.path.normpath(path) for path in found))


def _paths() -> Iterator[str]:
    yield from SYSTEM
    for root in ("/usr",) if os.path.islink("/lib") else ("/usr", ""):
        yield from (f"{root}/bin", f"{root}/lib64", _libraries(f"{root}/lib"))
    yield from os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)
    for prefix in {sys.base_prefix, sys.prefix} - {"/usr"}:
        yield from (os.path.join(prefix, part) for part in OF_A_PREFIX)
    yield from (sysconfig.get_path(name) for name in ("stdlib", "platstdlib"))
    yield from (path for path in sys.path if Path(path).name in PACKAGES)
    yield str(Path(autograder.__file__).parent)


def _libraries(folder: str) -> str:
    """Where the dynamic linker looks: Debian's part for this machine, or all of the folder."""
    part = os.path.join(folder, sysconfig.get_config_var("MULTIARCH") or "")
    return part if os.path.isdir(part) else folder
