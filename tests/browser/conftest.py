import os
from pathlib import Path

import pytest

from ..running_course import copy_course, running_lab
from . import chromium


@pytest.fixture(scope="session")
def browser():
    """Skip what needs a browser where there is none; in CI that is a failure."""
    if reason := chromium.why_not():
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)


@pytest.fixture(scope="module")
def course(browser, tmp_path_factory):
    """The folder of a copy of the course."""
    return copy_course(tmp_path_factory.mktemp("browser") / "course")


@pytest.fixture(scope="module")
def lab_server(course):
    """`course lab` on that copy, in the profile `grade`."""
    with running_lab(course, COURSE_PROFILE="grade") as server:
        yield server


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory):
    """The folder for screenshots: COURSE_SCREENSHOTS, or a temporary one."""
    folder = Path(os.environ.get("COURSE_SCREENSHOTS") or tmp_path_factory.mktemp("screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
