"""The kernels that student notebooks run in, as provisioners for Jupyter.

    course-isolated   a new Python inside `isolation`; it imports TensorFlow in its first cells
    course-warm       the same, forked from one that has imported TensorFlow

A `kernel.json` names each, `nbgrader_config.py` tells Jupyter where those files are, and neither
nbgrader nor nbclient need to know more than the kernel's name.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import LocalProvisioner

from helpers.checks import HANDOVER_VARIABLE
from helpers.instructor import isolation, warm

KERNEL = "course-warm"
JUPYTER_PATH = Path(__file__).with_name("jupyter")


def announce() -> None:
    """Let Jupyter find the kernels, in this process and in those that it starts."""
    known = os.environ.get("JUPYTER_PATH", "").split(os.pathsep)
    if str(JUPYTER_PATH) not in known:
        os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [str(JUPYTER_PATH), *known]))


class IsolatedProvisioner(LocalProvisioner):
    """Start a kernel inside `helpers.instructor.isolation`.

    The kernel and its clients meet at sockets in a folder that only the two of them share. Where
    the system cannot isolate, the kernel starts all the same with plain limits, and the log says so
    loudly; it does not start if the environment variable `COURSE_REQUIRE_ISOLATION` is set.
    """

    limits = isolation.Limits()
    folder: Path | None = None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Return what the kernel is launched with."""
        reason = isolation.why_not()
        if reason:
            self.log.warning("Student code runs without isolation, on your own account. %s", reason)
        elif self.folder is None:  # a second launch is a restart
            self.folder = isolation.make_folder("kernel")
            manager = self.parent
            manager.transport, manager.cache_ports = "ipc", False
            manager.connection_file = str(self.folder / "connection.json")
            manager.ip = str(self.folder / "socket")
        kwargs = await super().pre_launch(**kwargs)
        if self.folder is not None:
            isolation.give_to_user(self.folder / "connection.json")
            kwargs["cwd"] = str(self.folder)
            # It could not find its parent from inside; bubblewrap ends it when the parent ends.
            kwargs["independent"] = True
            kwargs["stdout"] = kwargs["stderr"] = subprocess.DEVNULL  # cells' output goes elsewhere
        handover = os.environ.get(HANDOVER_VARIABLE)
        kwargs["env"] = isolation.environment(**({HANDOVER_VARIABLE: handover} if handover else {}))
        return kwargs

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel, and return how to connect to it."""
        program = [sys.executable if part == "python" else part for part in cmd]
        writable = [self.folder, *self._handover(kwargs)] if self.folder else []
        command = isolation.command(program, limits=self.limits, writable=writable)
        return await super().launch_kernel(command, **kwargs)

    async def cleanup(self, restart: bool = False) -> None:
        """Remove the kernel's folder, unless it starts again."""
        await super().cleanup(restart=restart)
        if self.folder is not None and not restart:
            isolation.remove(self.folder)

    @staticmethod
    def _handover(kwargs: dict[str, Any]) -> list[Path]:
        """Return the folder to hand over into, if there is one."""
        return [Path(kwargs["env"][name]) for name in [HANDOVER_VARIABLE] if name in kwargs["env"]]


class WarmProvisioner(IsolatedProvisioner):
    """Fork a kernel from `helpers.instructor.warm`; start it cold where that is impossible."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork the kernel, and return how to connect to it."""
        if self.folder is None:  # there is no isolation, and the log says so
            return await super().launch_kernel(cmd, **kwargs)
        _, _, module, *arguments = cmd  # as in kernel.json: python -m module
        try:
            self.process = warm.server().start(
                module,
                arguments,
                folder=self.folder,
                writable=self._handover(kwargs),
                environment=kwargs["env"],
                limits=self.limits,
            )
        except warm.NotWarm as error:
            self.log.warning("The kernel starts cold, which takes seconds. %s", error)
            return await super().launch_kernel(cmd, **kwargs)
        self.pid = self.pgid = self.process.pid
        self.cwd = kwargs["cwd"]
        return self.connection_info
