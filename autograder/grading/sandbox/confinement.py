"""What confined code may see and use, and the steps into confinement, in order.

`separate` runs in a fresh fork and makes the namespaces; `enclose` runs in the first process of
the new process namespace and builds its file system, limits and allow-list.
"""

import os
import resource
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from autograder.grading.sandbox import landlock, seccomp, syscalls

NOBODY = 65534  # whom root's confined code really is
DEVICES = ("null", "full", "random", "urandom")  # zero, mapped, is memory that nobody counts
NAMESPACES = (
    syscalls.CLONE_NEWUSER
    | syscalls.CLONE_NEWNS
    | syscalls.CLONE_NEWPID
    | syscalls.CLONE_NEWNET
    | syscalls.CLONE_NEWIPC
    | syscalls.CLONE_NEWUTS
)
NEW_ROOT = "/tmp"  # any folder that exists everywhere; covered in the new namespace only


@dataclass(frozen=True)
class Confinement:
    """Paths and limits; sizes in bytes, times in seconds.

    What is hidden cannot be read although it lies in a readable folder; what is readable can, even
    where it lies in a hidden one.
    """

    readable: tuple[str, ...]
    hidden: tuple[str, ...] = ()
    work: str = "/scratch"
    memory: int = 4 * 2**30
    scratch: int = 512 * 2**20
    files: int = 50_000  # in the scratch folder; each takes memory of the kernel
    processes: int = 64
    cpu_seconds: int = 3600


def separate(confinement: Confinement, mapped: Callable[[], None]) -> dict[str, int]:
    """Enter new namespaces; `mapped` returns once another process has written the id maps.

    Returns descriptors of what will be bound, taken while this process is still its old user.
    """
    syscalls.unshare(NAMESPACES)
    descriptors = _open_paths(confinement)
    mapped()
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)
    # a change of user had cleared both
    syscalls.prctl(syscalls.PR_SET_DUMPABLE, 1)
    syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
    return descriptors


def write_id_maps(pid: int) -> None:
    """Map user 0 of a process's new namespace to this user; where this is root, to nobody."""
    user, group = (NOBODY, NOBODY) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
    Path(f"/proc/{pid}/setgroups").write_text("deny")
    Path(f"/proc/{pid}/uid_map").write_text(f"0 {user} 1")
    Path(f"/proc/{pid}/gid_map").write_text(f"0 {group} 1")


def _open_paths(confinement: Confinement) -> dict[str, int]:
    wanted = (*confinement.readable, *(f"/dev/{device}" for device in DEVICES))
    return {path: os.open(path, os.O_PATH) for path in wanted if os.path.exists(path)}


def enclose(confinement: Confinement, descriptors: dict[str, int]) -> None:
    """Everything that keeps this process in: file system, limits, no privileges, allow-list."""
    syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
    _build_root(confinement, descriptors)
    for descriptor in descriptors.values():
        os.close(descriptor)
    os.chdir(confinement.work)
    _limit(confinement)
    syscalls.drop_capabilities()
    landlock.restrict(
        readable=(*confinement.readable, "/proc", "/dev"),
        writable=(confinement.work, "/tmp", "/dev/shm", "/dev/null"),
    )
    seccomp.restrict()


def _build_root(confinement: Confinement, descriptors: dict[str, int]) -> None:
    """A root of its own in memory, with the readable paths bound into it, and nothing else."""
    private = syscalls.MS_NOSUID | syscalls.MS_NODEV
    bounds = f"size={confinement.scratch},nr_inodes={confinement.files},mode=755"
    syscalls.mount("none", "/", None, syscalls.MS_REC | syscalls.MS_PRIVATE)
    syscalls.mount("root", NEW_ROOT, "tmpfs", private, bounds)
    for folder in (confinement.work, "/tmp", "/dev/shm", "/proc", "/old"):
        os.makedirs(NEW_ROOT + folder, exist_ok=True)
    for path in sorted({*descriptors, *confinement.hidden}):  # a folder before what lies in it
        if path in confinement.hidden:
            _cover(NEW_ROOT + path)
        else:
            _bind(NEW_ROOT + path, descriptors[path])
    syscalls.mount("proc", f"{NEW_ROOT}/proc", "proc", private | syscalls.MS_NOEXEC)
    os.chdir(NEW_ROOT)
    syscalls.change_root(".", "./old")
    os.chdir("/")
    syscalls.detach("/old")
    os.rmdir("/old")
    for name in ("/lib", "/lib64", "/bin", "/sbin"):
        if not os.path.lexists(name) and os.path.isdir(f"/usr{name}"):
            os.symlink(f"usr{name}", name)


def _cover(target: str) -> None:
    if os.path.isdir(target):  # it lies in what is bound already
        syscalls.mount("hidden", target, "tmpfs", syscalls.MS_NOSUID | syscalls.MS_NODEV, "size=1M")


def _bind(target: str, descriptor: int) -> None:
    if os.path.exists(target) and os.path.samestat(os.stat(target), os.fstat(descriptor)):
        return  # it lies in what is bound already
    source = f"/proc/self/fd/{descriptor}"
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        Path(target).touch()
    syscalls.mount(source, target, None, syscalls.MS_BIND | syscalls.MS_REC)
    syscalls.make_read_only(target)


def _limit(confinement: Confinement) -> None:
    limits = {
        resource.RLIMIT_DATA: confinement.memory,
        resource.RLIMIT_FSIZE: confinement.scratch,
        resource.RLIMIT_NPROC: confinement.processes,
        resource.RLIMIT_CPU: confinement.cpu_seconds,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 1024,
    }
    for limit, value in limits.items():
        resource.setrlimit(limit, (value, value))
