"""What a fork and all that it started take of the machine: memory, and time.

Read from /proc (the Linux manual, proc_pid_status, proc_pid_smaps, sched-stats). Shared memory is
no part of it: the sandbox leaves student code only its scratch folder's, which is bounded.
"""

import os
import re
import time
from pathlib import Path

import psutil

PATIENCE = 60  # times its seconds, by the clock on the wall, are the most that anything gets
SELDOM = 1.0  # seconds between two looks at all processes
_AT_MOST = re.compile(rb"^Vm(?:RSS|Swap|PTE):\s+(\d+) kB", re.MULTILINE)
_SHARED_OUT = re.compile(rb"^(?:Swap)?Pss:\s+(\d+) kB", re.MULTILINE)


def family(pid: int) -> list[int]:
    """A process and its descendants; those that lost their parent are the first one's."""
    try:
        children = psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []
    return [pid, *(child.pid for child in children)]


def takes_more(pid: int, allowed: int) -> bool:
    """Whether a process and its descendants take more than so many bytes of memory.

    What several processes share is counted in parts, which takes the kernel long, and so only
    where it matters.
    """
    members = family(pid)
    if sum(map(_at_most, members)) <= allowed:
        return False
    return sum(map(_in_parts, members)) > allowed


def _at_most(pid: int) -> int:
    return _kilobytes(pid, "status", _AT_MOST)


def _in_parts(pid: int) -> int:
    try:
        return _kilobytes(pid, "smaps_rollup", _SHARED_OUT)
    except PermissionError:  # it made itself unreadable
        return _at_most(pid)


def _kilobytes(pid: int, file: str, pattern: re.Pattern[bytes]) -> int:
    """The sum of some lines, in bytes; 0 for a process that is gone."""
    try:
        text = Path(f"/proc/{pid}/{file}").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(map(int, pattern.findall(text))) * 1024


class Clock:
    """Seconds in which a process could work or wait as it liked.

    While others keep it from a processor the clock stands still, so that a limit means the same on
    a busy machine; what the process's own descendants take of the processors counts as its own.
    """

    def __init__(self, pid: int) -> None:
        self._pid, self._begin = pid, time.monotonic()
        self._looked, self._of_family = self._begin, 0.0

    def seconds(self) -> float:
        """Since it was started."""
        now = time.monotonic()
        wall = now - self._begin
        own = wall - worked_and_starved(self._pid)[1]
        if own < wall / 2 and now > self._looked + SELDOM:
            self._of_family = _processor_seconds(self._pid) / _processors()
            self._looked = now
        return max(own, self._of_family, wall / PATIENCE)


def worked_and_starved(pid: int) -> tuple[float, float]:
    """Seconds that a process had a processor, and that another had it when this one wanted it."""
    try:
        worked, starved, _ = Path(f"/proc/{pid}/schedstat").read_bytes().split()
    except (OSError, ValueError):
        return 0.0, 0.0
    return int(worked) / 1e9, int(starved) / 1e9


def _processor_seconds(pid: int) -> float:
    return sum(map(_own_processor_seconds, family(pid)))


def _own_processor_seconds(pid: int) -> float:
    try:
        return sum(psutil.Process(pid).cpu_times()[:4])  # those of children that ended are among it
    except psutil.Error:
        return 0.0


def is_busy() -> bool:
    """Whether more than twice as many processes want a processor as there are, on this machine."""
    load, _, _, running, *_ = Path("/proc/loadavg").read_text().split()
    return max(float(load), int(running.split("/")[0])) > 2 * _processors()


def killed_for_memory() -> int:
    """How many processes the kernel has ended because this machine's memory was full."""
    found = re.search(rb"^oom_kill (\d+)", Path("/proc/vmstat").read_bytes(), re.MULTILINE)
    return int(found[1]) if found else 0


def _processors() -> int:
    return len(os.sched_getaffinity(0))
