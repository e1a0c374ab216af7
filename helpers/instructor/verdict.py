"""The clean process that decides: `python -I -m helpers.instructor.verdict HANDOVER RESULT`.

HANDOVER is the folder with what one notebook's checks handed over, a folder for each check. RESULT
is the JSON file for the reports, by check. No code of the submission is imported here.
"""

import json
import sys
from pathlib import Path


def main(handover: Path, result: Path) -> None:
    """Judge everything in `handover`; write `{check: {"report": ...} or {"problem": ...}}`."""
    from helpers import profiles
    from helpers.checks import judges
    from helpers.checks.handover import Artifact

    profile = profiles.current("grade")
    verdicts: dict[str, dict[str, str]] = {}
    for check, judge in judges().items():
        if (handover / check).is_dir():
            try:
                report = judge(Artifact(handover / check), profile)
            except Exception as error:  # what was handed over may make anything fail
                verdicts[check] = {"problem": f"{type(error).__name__}: {error}"}
            else:
                verdicts[check] = {"report": report.to_json()}
    result.write_text(json.dumps(verdicts), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
