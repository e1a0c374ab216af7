import json

import pytest

from . import chromium

pytestmark = pytest.mark.browser

MODEL = """\
# Define `model`, a Keras model from images of shape (32, 32, 3) to 10 probabilities.
layers = [keras.Input((32, 32, 3))]
for filters in (32, 64):
    layers.append(keras.layers.Conv2D(filters, 3, padding="same", use_bias=False))
    layers.append(keras.layers.BatchNormalization())
    layers.append(keras.layers.Activation("relu"))
    layers.append(keras.layers.MaxPooling2D())
layers.append(keras.layers.GlobalAveragePooling2D())
layers.append(keras.layers.Dense(10, activation="softmax"))
model = keras.Sequential(layers)
"""
TRAINING = """\
# Compile and fit `model`; keep the result in `history`.
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
history = model.fit(
    splits.train,
    validation_data=splits.validation,
    epochs=profile.scratch_epochs,
    callbacks=[LiveCurve(splits.caption)],
    verbose=0,
)
"""
WORKSHEET = "**My worksheet.** Small filters, two blocks, ReLU, Adam, batch normalization."
ANSWER = "I would begin with small filters."


def cells_by_name(path):
    """Return the marked cells of a notebook, by their names."""
    cells = json.loads(path.read_text())["cells"]
    return {
        cell["metadata"]["nbgrader"]["grade_id"]: cell
        for cell in cells
        if "nbgrader" in cell["metadata"]
    }


def what_went_wrong(path):
    """Return all that the code cells of a notebook wrote to stderr, and their errors."""
    cells = json.loads(path.read_text())["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return [
        output
        for output in outputs
        if output["output_type"] == "error" or output.get("name") == "stderr"
    ]


def test_the_first_screen_is_tidy(lab_server, screenshots):
    with chromium.open_page(lab_server.address) as page:
        page.screenshot(path=screenshots / "1-first-screen.png")
        tabs = page.locator(".lm-DockPanel-tabBar .lm-TabBar-tabLabel").all_inner_texts()
        files = page.locator(".jp-DirListing-itemText:visible").all_inner_texts()
        assert tabs == ["regularization.ipynb"]
        assert files == ["deployment", "regularization", "transfer_learning"]
        assert page.locator(".jp-Dialog, .Toastify__toast").count() == 0
        assert "Nbgrader" not in page.locator("#jp-MainMenu").inner_text()
        assert page.problems == []


def test_a_student_fills_in_checks_validates_and_hands_in(course, lab_server, screenshots):
    mine = course / "work" / "regularization" / "regularization.ipynb"
    with chromium.open_page(lab_server.address) as page:
        chromium.fill_in(page, "# Define `model`", MODEL)
        chromium.fill_in(page, "# Compile and fit `model`", TRAINING)
        chromium.answer(page, "My worksheet.", WORKSHEET)
        chromium.answer(page, "YOUR ANSWER HERE", ANSWER)
        page.screenshot(path=screenshots / "2-filled-in.png")
        chromium.choose(page, "Run", "Run All Cells")
        chromium.wait_until_idle(page, 120)

        check = chromium.cell(page, "checks.check_model(model, profile)")
        chromium.show(page, check)
        page.screenshot(path=screenshots / "3-check.png")
        assert "5 of 5 points" in check.inner_text()

        # It was run before it was saved, so the last cell has something to say.
        handed_in = chromium.cell(page, 'hand_in("regularization")')
        chromium.show(page, handed_in)
        page.screenshot(path=screenshots / "4-not-saved.png")
        assert "another text than you ran last" in handed_in.inner_text()

        page.get_by_role("button", name="Validate").click()  # saves the notebook by itself
        dialog = page.locator(".jp-Dialog")
        dialog.wait_for(timeout=120_000)
        page.screenshot(path=screenshots / "5-validated.png")
        assert "Success! Your notebook passes all the tests." in dialog.inner_text()
        dialog.get_by_role("button", name="Ok").click()
        assert what_went_wrong(mine) == []

        handed_in.locator(".cm-content").click()
        page.keyboard.press("Control+s")
        page.keyboard.press("Shift+Enter")
        chromium.wait_until_idle(page, 30)
        chromium.show(page, handed_in)
        page.screenshot(path=screenshots / "6-handed-in.png")
        target = mine.parent / "hand_in" / mine.name
        assert str(target) in handed_in.inner_text()
        assert "Before you hand it in" not in handed_in.inner_text()
        assert page.problems == []

    cells = cells_by_name(target)
    assert "".join(cells["model_cell"]["source"]) == MODEL
    assert "".join(cells["training_cell"]["source"]) == TRAINING
    assert "".join(cells["worksheet"]["source"]) == WORKSHEET
    assert "".join(cells["design_question"]["source"]) == ANSWER
    assert "5 of 5 points" in json.dumps(cells["check_training"]["outputs"])
