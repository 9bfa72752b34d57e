"""Which layers of confinement this machine allows, what a missing one means, and what to do."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.grading.sandbox import landlock, seccomp
from autograder.grading.sandbox.confinement import Confinement
from autograder.grading.sandbox.fork import fork_confined

SWITCHES = (  # of the kernel: the value that forbids namespaces, and one that allows them
    ("kernel.unprivileged_userns_clone", 0, 1),
    ("user.max_user_namespaces", 0, 10_000),
    ("kernel.apparmor_restrict_unprivileged_userns", 1, 0),
)
SETTINGS = Path("/proc/sys")
IN_A_CONTAINER = (
    "grade on the host; or start the container with --cap-add SYS_ADMIN and --security-opt "
    "seccomp=unconfined, apparmor=unconfined and systempaths=unconfined"
)
OF_NAMESPACES = ("unshare", "user namespace", "mount")  # begin what is said where they fail


@dataclass(frozen=True)
class Layer:
    """One layer and what it keeps student code from; where it fails, why, and what then."""

    name: str
    keeps_from: str
    problem: str
    without: str
    remedy: str


def layers(confinement: Confinement) -> Iterator[Layer]:
    """All layers, tried in a process of its own."""
    version = landlock.version()
    no_landlock = "" if version else "the kernel has no Landlock"
    no_filter = seccomp.problem()
    error = fork_confined(confinement, lambda: None).get("error", "")
    is_theirs = (no_landlock or no_filter) and not any(it in error for it in OF_NAMESPACES)
    yield Layer(
        "namespaces, limits, no privileges",
        "the network, other processes, the course's files, using up the machine",
        "" if is_theirs else error,
        "it reads the solutions and other submissions, and sends them wherever it likes",
        _remedy(),
    )
    yield Layer(
        f"Landlock (version {version})",
        "writing to installed packages, files outside the allow-list",
        no_landlock,
        "where a mount is overlooked, it changes what later submissions are graded with",
        "Linux 5.13 or later, with landlock in the boot option lsm=",
    )
    yield Layer(
        "system-call filter",
        "keyrings, memory that nobody counts, whatever the kernel offers and no notebook needs",
        no_filter,
        "one submission can leave something for the next, and every flaw of the kernel is in reach",
        "a kernel with CONFIG_SECCOMP_FILTER, on x86-64 or aarch64",
    )


def _remedy() -> str:
    for switch, forbids, allows in SWITCHES:
        path = SETTINGS / switch.replace(".", "/")
        if path.is_file() and int(path.read_text()) == forbids:
            return f"sudo sysctl {switch}={allows}"
    return IN_A_CONTAINER
