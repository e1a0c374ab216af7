"""Limit this process, then become another program: `python limited.py LIMITS PROGRAM ...`.

LIMITS is a JSON object with names of `resource` limits (`RLIMIT_DATA` is "DATA") and their values,
and with "user", the number of the user to become, or null. Imports nothing of the course, so that
it starts in no time.
"""

import contextlib
import json
import os
import sys
from typing import Any


def limit(wanted: dict[str, Any]) -> None:
    """Apply limits to this process and all that it will start.

    Args:
        wanted: what LIMITS holds.
    """
    import resource  # not on Windows, where nothing can be limited this way

    # When the machine's memory runs out, the system ends this process before any other.
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123
        file.write("1000")
    limits = dict(wanted)
    user = limits.pop("user")
    if user is not None:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    for name, value in limits.items():
        number = getattr(resource, f"RLIMIT_{name}", None)
        if number is not None:
            highest = resource.getrlimit(number)[1]
            if highest != resource.RLIM_INFINITY:
                value = min(value, highest)
            resource.setrlimit(number, (value, value))


def main(limits: str, *program: str) -> None:
    """Apply the limits and run `program` in place of this process."""
    limit(json.loads(limits))
    os.execvp(program[0], program)


if __name__ == "__main__":
    main(*sys.argv[1:])
