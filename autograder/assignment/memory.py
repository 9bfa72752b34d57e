"""Work on what others wrote is given so much memory, and no more."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager

import psutil


@contextmanager
def memory_at_most(more: int) -> Iterator[None]:
    """Let allocations fail, as MemoryError or RuntimeError, beyond so many more bytes than now."""
    before, most = resource.getrlimit(resource.RLIMIT_AS)
    bounds = [bound for bound in (before, most) if bound != resource.RLIM_INFINITY]
    now = psutil.Process().memory_info().vms
    resource.setrlimit(resource.RLIMIT_AS, (min([now + more, *bounds]), most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (before, most))
