"""A confined kernel for one submission: start, run cells with a time limit, kill."""

import os
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from queue import Empty
from typing import Any

import psutil
from jupyter_client import KernelManager
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpec

from autograder.checks.recorder import Plan
from autograder.grading.kernels.herd import ForkError
from autograder.grading.sandbox.confinement import Confinement

START_SECONDS = 30
TICK = 0.25  # how often a running cell's kernel is looked at
RECONNECT = 2  # milliseconds between tries to reach a starting kernel; by default 100
GRACE = 2.0  # for a cell to end after it was interrupted


class KernelEnded(Exception):
    """The kernel died or had to be killed; the message says why."""


class WarmManager(KernelManager):
    """Starts its kernel through our provisioner, and leaves that of everyone else alone."""

    @property
    def kernel_spec(self) -> KernelSpec:
        return KernelSpec(
            language="python", metadata={"kernel_provisioner": {"provisioner_name": "warm"}}
        )


class Kernel:
    """One forked kernel and the client that talks to it."""

    def __init__(
        self,
        scratch: Path,
        plan: Plan,
        evidence: int,
        environment: Mapping[str, str],
        confinement: Confinement | None,
    ) -> None:
        self._memory = confinement.memory if confinement else None
        self._manager = WarmManager(
            transport="ipc",
            ip=str(scratch / "sockets" / "k"),
            connection_file=str(scratch / "connection.json"),
            cache_ports=False,
        )
        self._manager.start_kernel(
            env=dict(environment),
            plan=asdict(plan),
            evidence=evidence,
            confinement=asdict(confinement) if confinement else None,
        )
        self._client: BlockingKernelClient = self._manager.client()
        self._client.context.RECONNECT_IVL = RECONNECT
        self._client.start_channels(iopub=False, stdin=False, hb=False, control=False)
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        self._client.kernel_info()
        try:
            ready = self._reply(None, START_SECONDS)
        except KernelEnded:
            ready = None
        if ready is None:
            self.close()
            raise ForkError(f"a kernel did not answer within {START_SECONDS} s of its start")

    def run(self, source: str, seconds: float) -> str | None:
        """Run one cell; the error it ended with, if any. Raises KernelEnded."""
        request = self._client.execute(
            source, store_history=False, allow_stdin=False, stop_on_error=False
        )
        reply = self._reply(request, seconds)
        if reply is None:
            self._manager.interrupt_kernel()
            if self._reply(request, GRACE) is None:
                raise KernelEnded(f"took more than {seconds:g} s and could not be interrupted")
            return f"TimeoutError: took more than {seconds:g} s"
        content = reply["content"]
        if content.get("status") == "ok":
            return None
        return f"{content.get('ename')}: {content.get('evalue')}"[:2000]

    def _reply(self, request: str | None, seconds: float) -> dict[str, Any] | None:
        """The kernel's answer, or None after so many seconds. Raises KernelEnded."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                message = self._client.get_shell_msg(timeout=min(TICK, left))
            except Empty:
                self._look()
                continue
            except Exception as error:  # student code wrote on the kernel's own sockets
                raise KernelEnded(f"sent what is no message ({type(error).__name__})") from None
            if request is None or _is_answer(message, request):
                return message
        return None

    def _look(self) -> None:
        if not self._manager.is_alive():
            raise KernelEnded("the kernel died")
        if self._memory and memory_of(self._manager.provisioner.pid) > self._memory:
            raise KernelEnded("used too much memory")

    def close(self) -> None:
        """Kill the kernel, and with it everything that it started."""
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)
        self._manager.cleanup_resources()


def _is_answer(message: dict[str, Any], request: str) -> bool:
    """Whether a message answers a request; student code holds the key to sign anything."""
    parent, content = message.get("parent_header"), message.get("content")
    return (
        isinstance(parent, dict) and isinstance(content, dict) and parent.get("msg_id") == request
    )


def memory_of(pid: int) -> int:
    """Bytes that a process and its descendants hold for themselves alone."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        return sum(_own_memory(member) for member in family)
    except psutil.Error:
        return 0


def _own_memory(process: psutil.Process) -> int:
    try:
        return process.memory_full_info().uss
    except psutil.Error:
        return 0


def sockets_folder(scratch: Path) -> Path:
    """A folder for the kernel's sockets, which the confined user must be able to enter."""
    folder = scratch / "sockets"
    folder.mkdir()
    os.chmod(scratch, 0o711)
    os.chmod(folder, 0o777)
    return folder
