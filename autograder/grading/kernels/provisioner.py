"""Kernels forked from the zygote, as jupyter_client starts kernels: a kernel provisioner."""

import asyncio
import contextlib
import os
import select
import signal
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import KernelProvisionerBase

from autograder.grading.kernels.herd import herd
from autograder.grading.kernels.zygote import Request

DEATH_SECONDS = 5  # for a killed process to be gone


class WarmProvisioner(KernelProvisionerBase):
    """A kernel that is no child of ours, watched through a descriptor of its process."""

    pid: int | None = None
    watch: int | None = None  # pidfd

    @property
    def has_process(self) -> bool:
        return self.watch is not None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Choose the sockets; nothing is executed, so there is no command to format."""
        self.parent.write_connection_file()
        return await super().pre_launch(cmd=[], **kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork; `plan`, `confinement` and `evidence` come from `start_kernel`."""
        connection = self.parent.get_connection_info()
        details = {
            "connection": {**connection, "key": connection["key"].decode()},
            "plan": kwargs["plan"],
        }
        request = Request("kernel", kwargs["env"], kwargs["confinement"], details)
        self.pid = herd().fork(request, kwargs["evidence"])
        with contextlib.suppress(ProcessLookupError):  # it may be dead already: see poll
            self.watch = os.pidfd_open(self.pid)
        return connection

    async def poll(self) -> int | None:
        """None while the kernel lives."""
        if self.watch is None:
            return 0
        ended, _, _ = select.select([self.watch], [], [], 0)
        return 1 if ended else None

    async def wait(self) -> int | None:
        while await self.poll() is None:
            await asyncio.sleep(0.005)
        await self.cleanup()
        return 0

    async def send_signal(self, signum: int) -> None:
        if self.watch is not None:
            with contextlib.suppress(ProcessLookupError):  # it may have ended by itself
                signal.pidfd_send_signal(self.watch, signum)

    async def kill(self, restart: bool = False) -> None:
        """Kill, and wait here for the few milliseconds that jupyter_client would poll in tenths."""
        await self.send_signal(signal.SIGKILL)
        if self.watch is not None:
            select.select([self.watch], [], [], DEATH_SECONDS)

    async def terminate(self, restart: bool = False) -> None:
        await self.send_signal(signal.SIGTERM)

    async def cleanup(self, restart: bool = False) -> None:
        if self.watch is not None:
            os.close(self.watch)
            self.watch = None
