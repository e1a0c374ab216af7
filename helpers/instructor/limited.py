"""Limit this process, then become another program: `python limited.py LIMITS PROGRAM ...`.

LIMITS is a JSON object with names of `resource` limits (`RLIMIT_DATA` is "DATA") and their values,
and with "user", the number of the user to become, or null. Imports nothing of the course, so that
it starts in no time.
"""

import json
import os
import sys


def main(limits: str, *program: str) -> None:
    """Apply the limits and run `program` in place of this process."""
    import resource  # not on Windows, where nothing can be limited this way

    wanted = json.loads(limits)
    user = wanted.pop("user")
    if user is not None:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    for name, value in wanted.items():
        number = getattr(resource, f"RLIMIT_{name}", None)
        if number is not None:
            highest = resource.getrlimit(number)[1]
            if highest != resource.RLIM_INFINITY:
                value = min(value, highest)
            resource.setrlimit(number, (value, value))
    os.execvp(program[0], program)


if __name__ == "__main__":
    main(*sys.argv[1:])
