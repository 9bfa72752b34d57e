"""The system calls that Python lacks (some until 3.12), by ctypes; errors are OSError.

Source: the Linux manual, section 2; the numbers are those of the kernel's uapi headers.
"""

import ctypes
import os

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000

MS_NOSUID, MS_NODEV, MS_NOEXEC = 2, 4, 8
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
MNT_DETACH = 2
MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, AT_RECURSIVE = 1, 2, 0x8000

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP = 1, 4, 24
PR_SET_SECUREBITS, PR_SET_NO_NEW_PRIVS = 28, 38
SECUREBITS_LOCKED_NOROOT = 0b1111  # uid 0 gains nothing by exec or setuid, for ever

_SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_SYS_MOUNT_SETATTR = 442
_LAST_CAPABILITY = 63
_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def syscall(number: int, *arguments: object) -> int:
    """A raw system call; integers are passed as longs."""
    longs = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    return _checked(_libc.syscall(ctypes.c_long(number), *longs), f"system call {number}")


def unshare(flags: int) -> None:
    """Move this process into new namespaces."""
    _checked(_libc.unshare(flags), "unshare")


def mount(source: str, target: str, kind: str | None, flags: int, data: str = "") -> None:
    """Mount; for binds `kind` is None."""
    name = kind.encode() if kind else None
    result = _libc.mount(
        source.encode(), target.encode(), name, ctypes.c_ulong(flags), data.encode()
    )
    _checked(result, f"mount {target}")


class _Attributes(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "userns"))


def make_read_only(target: str) -> None:
    """Let nothing be written below a mount, nor below those inside it."""
    path = ctypes.c_char_p(target.encode())
    attributes = _Attributes(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID)
    size = ctypes.sizeof(attributes)
    syscall(_SYS_MOUNT_SETATTR, -1, path, AT_RECURSIVE, ctypes.byref(attributes), size)


def change_root(new: str, old: str) -> None:
    """Make `new` the root; the old root appears at `old`, a folder inside `new`."""
    number = _SYS_PIVOT_ROOT[os.uname().machine]
    syscall(number, ctypes.c_char_p(new.encode()), ctypes.c_char_p(old.encode()))


def detach(target: str) -> None:
    """Unmount at once, whoever still uses it."""
    _checked(_libc.umount2(target.encode(), MNT_DETACH), f"umount {target}")


def prctl(option: int, value: int) -> None:
    """Set one option of this process."""
    _checked(_libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0), f"prctl {option}")


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = tuple(
        (name, ctypes.c_uint32 * 1) for name in ("effective", "permitted", "inherited")
    )


def drop_capabilities() -> None:
    """Give up every capability, for this process and all that it will start."""
    prctl(PR_SET_SECUREBITS, SECUREBITS_LOCKED_NOROOT)
    for capability in range(_LAST_CAPABILITY + 1):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError:
            break  # past the last one that this kernel knows
    header = _Header(0x20080522, 0)
    nothing = (_Sets * 2)()
    _checked(_libc.capset(ctypes.byref(header), nothing), "capset")
