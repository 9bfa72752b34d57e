"""A system-call filter: what is not allowed is refused as if the kernel had never heard of it.

Refused, not killed, so that libraries fall back on what they did before a call existed. Source: the
Linux documentation, userspace-api/seccomp_filter; classic BPF, networking/filter.
"""

import ctypes
import errno
import os
import struct
from functools import cache

from autograder.grading.sandbox.allowed_calls import numbers
from autograder.grading.sandbox.syscalls import PR_SET_NO_NEW_PRIVS, prctl, syscall

_SYS_SECCOMP = {"x86_64": 317, "aarch64": 277}
_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_SET_MODE_FILTER = 1

_LOAD, _AND, _IF_EQUAL, _IF_ANY, _RETURN = 0x20, 0x54, 0x15, 0x45, 0x06  # classic BPF
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # where a filter finds them

FAMILIES = (1, 2, 10)  # unix, and the internet's, of which there is none in the namespace
OPTIONS = (  # of prctl
    *(15, 16),  # name of a thread
    *(2, 3, 21, 23, 27, 39),  # asking: what else is set
    *(29, 30, 41, 42, 51, 64, 0x53564D41),  # timer slack, huge pages, vector lengths, names of maps
)
PARENT_DEATH = 1  # the grader's own use of it must stay; libraries that set it lose nothing
CONTROLS = (0x5401, 0x540F, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)  # of ioctl, on any file
NEW_NAMESPACES = 0x7E02_0000  # all of clone's flags for them
SHARED_ANONYMOUS = 0x21  # memory that no file system limits and, unmapped, no process shows


def _do(code: int, operand: int, then: int = 0, otherwise: int = 0) -> bytes:
    return struct.pack("=HBBI", code, then, otherwise, operand)


def _refuse(number: int) -> bytes:
    """Return with an error; with error 0, as if it had been done."""
    return _do(_RETURN, 0x0005_0000 | number)


_ALLOW = _do(_RETURN, 0x7FFF_0000)


def _when(value: int, then: bytes, test: int = _IF_EQUAL) -> bytes:
    """Where what is loaded passes the test, do what returns; else go on behind it."""
    return _do(test, value, 0, len(then) // 8) + then


def _argument(index: int) -> bytes:
    return _do(_LOAD, _ARGUMENTS + 8 * index)  # its lower half: none of these has another


def _one_of(index: int, values: tuple[int, ...], otherwise: int) -> bytes:
    allowed = [_when(value, _ALLOW) for value in values]
    return b"".join([_argument(index), *allowed, _refuse(otherwise)])


_RULES = {
    "socket": _one_of(0, FAMILIES, errno.EAFNOSUPPORT),
    "ioctl": _one_of(1, CONTROLS, errno.ENOTTY),
    "prctl": _argument(0) + _when(PARENT_DEATH, _refuse(0)) + _one_of(0, OPTIONS, errno.EINVAL),
    "clone": _argument(0) + _when(NEW_NAMESPACES, _refuse(errno.EPERM), _IF_ANY) + _ALLOW,
    "mmap": _argument(3)
    + _do(_AND, SHARED_ANONYMOUS)
    + _when(SHARED_ANONYMOUS, _refuse(errno.EPERM))
    + _ALLOW,
}


@cache
def program(machine: str) -> bytes:
    """The filter for a machine, in classic BPF. Raises ValueError where there is none for it."""
    unknown = _refuse(errno.ENOSYS)
    calls = [_when(at, _RULES.get(name, _ALLOW)) for name, at in numbers(machine).items()]
    of_another_architecture = _do(_IF_EQUAL, _AUDIT_ARCH[machine], then=1) + unknown
    parts = _do(_LOAD, _ARCHITECTURE), of_another_architecture, _do(_LOAD, _NUMBER), *calls, unknown
    return b"".join(parts)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def restrict() -> None:
    """Filter the calls of this process and all that it will start. Raises OSError, ValueError."""
    machine = os.uname().machine
    code = program(machine)
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    filtered = _Program(len(code) // 8, code)
    syscall(_SYS_SECCOMP[machine], _SET_MODE_FILTER, 0, ctypes.byref(filtered))
