"""The live curve in JupyterLab: it grows, and both ways to stop keep the history."""

import re

import nbformat
import pytest

from helpers.paths import ASSIGNMENTS

from ..running_course import copy_course, running_lab
from . import chromium

pytestmark = pytest.mark.browser

SETUP = """\
import time
import numpy as np
from helpers.live import LiveCurve
import keras
images = np.random.default_rng(0).random((64, 8), dtype="float32")
labels = (images.sum(1) > 4).astype("float32")[:, None]
slowly = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: time.sleep(0.1))
model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1, "sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
"""
TRAINING = """\
history = model.fit(
    images, labels, validation_split=0.5, batch_size=4, epochs=60, verbose=0,
    callbacks=[slowly, LiveCurve("toy data")],
)
"""
LOOK = """\
print(sorted(history.history), {len(curve) for curve in history.history.values()})
"""
NAMES = re.escape("['accuracy', 'loss', 'seconds', 'val_accuracy', 'val_loss']")


@pytest.fixture(scope="module")
def live_lab(browser, tmp_path_factory):
    """`course lab` on a course whose notebooks train a tiny model, slowly."""
    folder = tmp_path_factory.mktemp("live")
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in (SETUP, TRAINING, LOOK)]
    for name in ASSIGNMENTS:
        path = folder / "notebooks" / name / f"{name}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)
    with running_lab(copy_course(folder / "course", folder / "notebooks")) as server:
        yield server


def wait_for_another_picture(page, output, picture):
    """Wait until the live picture is another one than `picture`, and return that one."""
    image = output.locator(".widget-image")
    for _ in range(300):
        source = image.get_attribute("src")
        if source != picture:
            return source
        page.wait_for_timeout(200)
    raise AssertionError("The picture did not change.")


def pictures_that_grow(page, output, count=4):
    """Return so many different live pictures of an output, one after another."""
    output.locator(".widget-image").wait_for()
    pictures = [None]
    while len(pictures) <= count:
        pictures.append(wait_for_another_picture(page, output, pictures[-1]))
    return pictures[1:]


def check_the_end(page, output):
    """Look at what is left when the training was stopped."""
    chromium.wait_until_idle(page, 60)
    figure = output.locator("img")
    assert re.match(r"Stopped (in|after) epoch \d+ of 60", figure.get_attribute("alt"))
    assert output.locator(".jupyter-widgets").count() == 0
    assert re.search(rf"{NAMES} {{\d+}}", chromium.cell(page, "print(sorted").inner_text())
    assert page.problems == []


def test_the_curve_grows_and_both_ways_to_stop_keep_the_history(live_lab, screenshots):
    with chromium.open_page(live_lab.address) as page:
        cell = chromium.cell(page, "history = model.fit")
        output = cell.locator(".jp-OutputArea")

        chromium.choose(page, "Run", "Run All Cells")
        assert len(set(pictures_that_grow(page, output))) == 4
        assert re.search(r"Epoch \d+ of 60, batch \d+", output.inner_text())
        button = output.get_by_role("button", name="Stop")
        chromium.show(page, output)
        page.screenshot(path=screenshots / "live-1-training.png")
        button.press("Enter")
        check_the_end(page, output)
        chromium.show(page, output)
        page.screenshot(path=screenshots / "live-2-stopped.png")

        # A second run of the cell, stopped by the kernel's interrupt.
        cell.locator(".cm-content").click()
        page.keyboard.press("Shift+Enter")
        page.keyboard.press("Shift+Enter")
        pictures_that_grow(page, output, 2)
        chromium.choose(page, "Kernel", "Interrupt Kernel")
        check_the_end(page, output)
        chromium.show(page, output)
        page.screenshot(path=screenshots / "live-3-interrupted.png")
