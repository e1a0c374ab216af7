"""Limit this process, then become another program: `python limited.py LIMITS PROGRAM ...`.

LIMITS is a JSON object with names of `resource` limits (`RLIMIT_DATA` is "DATA") and their values,
with "user", the number of the user to become, or null, and with "filter", whether to forbid what
would reach round the limits. Imports nothing of the course, so that it starts in no time.
"""

import contextlib
import json
import os
import struct
import sys
from typing import Any

# Numbers of system calls, by machine. Each of these gives memory that no limit counts: shared
# memory that outlives its process, or name spaces of one's own, to mount folders in memory there.
FORBIDDEN = {
    "x86_64": {"unshare": 272, "shmget": 29, "clone": 56, "clone3": 435},
    "aarch64": {"unshare": 97, "shmget": 194, "clone": 220, "clone3": 435},
}
MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # as the kernel calls them
OTHER_NUMBERS = 0x40000000  # from here on, x86 has the same calls once more
NEW_USER = 0x10000000  # what `clone` is asked for
NOT_PERMITTED, NOT_KNOWN = 1, 38  # with the latter, the C library takes `clone` in place of it


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
    is_filtered, user = limits.pop("filter"), limits.pop("user")
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
    if is_filtered and os.uname().machine in FORBIDDEN:
        _forbid(os.uname().machine)


def _forbid(machine: str) -> None:
    """Let the kernel refuse the forbidden system calls, for good (seccomp)."""
    import ctypes

    calls = FORBIDDEN[machine]
    load, equal, at_least, any_bit, answer = 0x20, 0x15, 0x35, 0x45, 0x06
    allow, refuse = 0x7FFF0000, 0x00050000
    # Instruction, where to go on if it is so and if not (counted from the next one), and a value.
    program = [
        (load, 0, 0, 4),  # the machine
        (equal, 0, 6, MACHINES[machine]),
        (load, 0, 0, 0),  # the number of the call
        (at_least, 4, 0, OTHER_NUMBERS),
        (equal, 3, 0, calls["unshare"]),
        (equal, 2, 0, calls["shmget"]),
        (equal, 2, 0, calls["clone"]),
        (equal, 4, 5, calls["clone3"]),
        (answer, 0, 0, refuse | NOT_PERMITTED),
        (load, 0, 0, 16),  # the first argument of `clone`
        (any_bit, 0, 2, NEW_USER),
        (answer, 0, 0, refuse | NOT_PERMITTED),
        (answer, 0, 0, refuse | NOT_KNOWN),
        (answer, 0, 0, allow),
    ]
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in program)
    buffer = ctypes.create_string_buffer(code)
    filter_ = struct.pack("HxxxxxxP", len(program), ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    no_new_rights, filtering, by_program = 38, 22, 2
    if libc.prctl(no_new_rights, 1, 0, 0, 0) or libc.prctl(filtering, by_program, filter_):
        raise OSError(ctypes.get_errno(), "system calls cannot be forbidden here")


def main(limits: str, *program: str) -> None:
    """Apply the limits and run `program` in place of this process."""
    limit(json.loads(limits))
    os.execvp(program[0], program)


if __name__ == "__main__":
    main(*sys.argv[1:])
