"""Decide on what a notebook's checks handed over: `python -m helpers.instructor.judge FROM TO`.

FROM is the folder with a folder for each check, TO the JSON file for the verdicts. `verdict` runs
this in a clean, isolated process. No code of the submission is imported here, and nothing of
nbgrader, so that it starts in no time.
"""

import json
import sys
from pathlib import Path

from helpers import profiles
from helpers.checks import judges
from helpers.checks.handover import Artifact


def main(handover: Path, result: Path) -> None:
    """Judge everything in `handover`; write `{check: {"report": ...} or {"problem": ...}}`."""
    profile = profiles.current("grade")
    verdicts: dict[str, dict[str, str]] = {}
    for check, decide in judges().items():
        if (handover / check / "facts.json").is_file():
            try:
                report = decide(Artifact(handover / check), profile)
            except Exception as error:  # what was handed over may make anything fail
                verdicts[check] = {"problem": f"{type(error).__name__}: {error}"}
            else:
                verdicts[check] = {"report": report.to_json()}
    result.write_text(json.dumps(verdicts), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
