"""Take the README's picture: `python -m tests.browser.take_picture` in the folder of the course."""

import tempfile
from pathlib import Path

from tests.browser import chromium
from tests.running_course import ROOT, copy_course, running_lab

PICTURE = ROOT / ".github" / "course.png"
FIGURE = 'title="Does it learn the images, or learn them by heart?"'


def main():
    """Run the first notebook in the profile `quick`, and take a picture of its first curves."""
    if reason := chromium.why_not():
        raise SystemExit(f"No picture: {reason}.")
    with tempfile.TemporaryDirectory() as folder:
        root = copy_course(Path(folder) / "course")
        with (
            running_lab(root, COURSE_PROFILE="quick") as server,
            chromium.open_page(server.address, width=1280, height=860) as page,
        ):
            # The stub of the model cell ends the run; the figure is above it.
            chromium.choose(page, "Run", "Run All Cells")
            chromium.wait_until_idle(page, 600)
            chromium.choose(page, "File", "Save Notebook")
            chromium.show(page, chromium.cell(page, FIGURE))
            PICTURE.parent.mkdir(exist_ok=True)
            page.screenshot(path=PICTURE)
    print(f"{PICTURE}: {PICTURE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
