"""Decide on what a notebook's checks handed over: `python -m helpers.instructor.judge FROM SOCKET`.

FROM is the folder with a folder for each check, SOCKET the number of an open socket, to which the
verdicts are written as JSON. It is a socket because a graph can write to files, also to one whose
name it has to guess. `verdict` runs this in a clean, isolated process. No code of the submission is
imported here, and nothing of nbgrader, so that it starts in no time.
"""

import json
import socket
import sys
from pathlib import Path

from helpers import profiles
from helpers.checks import judges
from helpers.checks.handover import Artifact

LONGEST_PROBLEM = 500  # characters


def main(handover: Path, answers: socket.socket) -> None:
    """Judge everything in `handover`; write `{check: {"report": ...} or {"problem": ...}}`."""
    profile = profiles.current("grade")
    verdicts: dict[str, dict[str, str]] = {}
    for check, decide in judges().items():
        if (handover / check / "facts.json").is_file():
            try:
                report = decide(Artifact(handover / check), profile)
            except Exception as error:  # what was handed over may make anything fail
                problem = f"{type(error).__name__}: {error}"
                verdicts[check] = {"problem": problem[:LONGEST_PROBLEM]}
            else:
                verdicts[check] = {"report": report.to_json()}
    answers.sendall(json.dumps(verdicts, ensure_ascii=False).encode("utf-8", "replace"))


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[2])) as to_the_grader:
        main(Path(sys.argv[1]), to_the_grader)
