"""The kernel that student notebooks run in: `course-isolated`, a provisioner for Jupyter.

`kernel.json` names it, `nbgrader_config.py` tells Jupyter where that file is, and neither nbgrader
nor nbclient need to know more than the kernel's name.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from jupyter_client.provisioning import LocalProvisioner

from helpers.checks import HANDOVER_VARIABLE
from helpers.instructor import isolation

KERNEL = "course-isolated"
JUPYTER_PATH = Path(__file__).with_name("jupyter")


def announce() -> None:
    """Let Jupyter find the kernel, in this process and in those that it starts."""
    known = os.environ.get("JUPYTER_PATH", "").split(os.pathsep)
    if str(JUPYTER_PATH) not in known:
        os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [str(JUPYTER_PATH), *known]))


class IsolatedProvisioner(LocalProvisioner):
    """Start a kernel inside `helpers.instructor.isolation`.

    The kernel and its clients meet at sockets in a folder that only the two of them share: inside
    there is no network, not even the loopback device. Where the system cannot isolate, the kernel
    starts all the same with plain limits, and the log says so loudly; it does not start if the
    environment variable `COURSE_REQUIRE_ISOLATION` is set.
    """

    limits = isolation.Limits()
    folder: Path | None = None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Return what the kernel is launched with."""
        reason = isolation.why_not()
        if reason:
            self.log.warning("Student code runs without isolation, on your own account. %s", reason)
        elif self.folder is None:  # a second launch is a restart
            self.folder = Path(tempfile.mkdtemp(prefix="course-kernel-"))
            manager = self.parent
            manager.transport, manager.cache_ports = "ipc", False
            manager.connection_file = str(self.folder / "connection.json")
            manager.ip = str(self.folder / "socket")
        kwargs = await super().pre_launch(**kwargs)
        handover = os.environ.get(HANDOVER_VARIABLE)
        writable = [Path(path) for path in (self.folder, handover) if path]
        if self.folder is not None:
            isolation.give_to_user(self.folder / "connection.json")
            kwargs["cwd"] = str(self.folder)
            # It could not find its parent from inside; bubblewrap ends it when the parent ends.
            kwargs["independent"] = True
            kwargs["stdout"] = kwargs["stderr"] = subprocess.DEVNULL  # cells' output goes elsewhere
        program = [sys.executable if part == "python" else part for part in kwargs.pop("cmd")]
        kwargs["env"] = isolation.environment(
            **({HANDOVER_VARIABLE: handover} if handover else {}),
        )
        command = isolation.command(program, limits=self.limits, writable=writable)
        return kwargs | {"cmd": command}

    async def cleanup(self, restart: bool = False) -> None:
        """Remove the kernel's folder, unless it starts again."""
        await super().cleanup(restart=restart)
        if self.folder is not None and not restart:
            shutil.rmtree(self.folder, ignore_errors=True)
