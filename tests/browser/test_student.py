import json

import pytest

from . import chromium

pytestmark = pytest.mark.browser

MODEL = """\
# Define `model`, a Keras model from images of shape (32, 32, 3) to 10 probabilities.
model = keras.Sequential(
    [
        keras.Input((32, 32, 3)),
        keras.layers.Conv2D(16, 3, activation="relu"),
        keras.layers.MaxPooling2D(),
        keras.layers.Conv2D(32, 3, activation="relu"),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dropout(0.1),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
"""
TRAINING = """\
# Compile and fit `model`; keep the result in `history`.
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
history = model.fit(
    splits.train, validation_data=splits.validation, epochs=profile.scratch_epochs, verbose=0
)
"""


def sources(path):
    """Return the source of each marked cell of a notebook, by name."""
    cells = json.loads(path.read_text())["cells"]
    marked = [cell for cell in cells if "nbgrader" in cell["metadata"]]
    return {cell["metadata"]["nbgrader"]["grade_id"]: "".join(cell["source"]) for cell in marked}


def validate(page):
    """Press nbgrader's button, and return what its dialog says."""
    page.get_by_role("button", name="Validate").click()
    dialog = page.locator(".jp-Dialog")
    dialog.wait_for(timeout=120_000)
    return dialog


def test_the_first_screen_is_tidy(lab_server, screenshots):
    with chromium.open_page(lab_server.address) as page:
        chromium.wait_until_idle(page, 60)
        page.screenshot(path=screenshots / "1-first-screen.png")
        assert page.locator(".lm-DockPanel-tabBar .lm-TabBar-tabLabel").all_inner_texts() == [
            "regularization.ipynb"
        ]
        assert page.locator(".jp-DirListing-itemText:visible").all_inner_texts() == [
            "regularization",
            "transfer_learning",
        ]
        assert page.locator(".jp-Dialog, .Toastify__toast").count() == 0
        assert "Nbgrader" not in page.locator("#jp-MainMenu").inner_text()
        assert page.problems == []


def test_a_student_fills_in_checks_validates_and_hands_in(course, lab_server, screenshots):
    mine = course / "work" / "regularization" / "regularization.ipynb"
    with chromium.open_page(lab_server.address) as page:
        chromium.fill_in(page, "# Define `model`", MODEL)
        chromium.fill_in(page, "# Compile and fit `model`", TRAINING)
        page.screenshot(path=screenshots / "2-filled-in.png")
        chromium.choose(page, "File", "Save Notebook")
        chromium.choose(page, "Run", "Run All Cells")
        chromium.wait_until_idle(page, 120)

        errors = page.locator("[data-mime-type='application/vnd.jupyter.stderr']")
        print("STDERR", errors.all_text_contents())
        report = chromium.cell(page, "checks.check_model(model, profile)")
        report.scroll_into_view_if_needed()
        page.screenshot(path=screenshots / "3-check.png")
        print(report.inner_text())
        handed_in = chromium.cell(page, 'hand_in("regularization")')
        handed_in.scroll_into_view_if_needed()
        page.screenshot(path=screenshots / "4-handed-in.png")
        print(handed_in.inner_text())

        dialog = validate(page)
        page.screenshot(path=screenshots / "5-validated.png")
        print(dialog.inner_text())
        assert page.problems == []
    print(sources(mine))
