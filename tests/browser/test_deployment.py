"""A picture of one's own in the browser: chosen with the keyboard, classified, explained."""

import contextlib

import nbformat
import pytest
from PIL import Image

from . import chromium

pytestmark = pytest.mark.browser

CELLS = [
    """
import numpy as np
from helpers import data, profiles, widgets

splits = data.load_splits(profiles.current())

def classify(images):
    colours = images.mean(axis=(1, 2)) ** 2 + 0.01
    rest = np.full((len(images), 7), 0.01)
    numbers = np.hstack([colours, rest])
    return numbers / numbers.sum(axis=1, keepdims=True)
""",
    "widgets.picture_classifier(classify, splits, threshold=0.6)",
]


@pytest.fixture(scope="module")
def page(course, lab_server):
    """A page with a notebook on which the figure has been run."""
    cells = [nbformat.v4.new_code_cell(source.strip()) for source in CELLS]
    opened_first = course / "work" / "regularization" / "regularization.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), opened_first)
    with chromium.open_page(lab_server.address, height=1000) as page:
        page.set_default_timeout(20_000)  # milliseconds
        chromium.choose(page, "Run", "Run All Cells")
        chromium.wait_until_idle(page, 120)
        yield page


@pytest.fixture
def figure(page):
    output = chromium.cell(page, "picture_classifier").locator(".jp-OutputArea")
    chromium.show(page, output)
    return output


@pytest.fixture(scope="module")
def photograph(tmp_path_factory):
    """A JPEG file, wider than high, that is red in the middle and turned as cameras do."""
    path = tmp_path_factory.mktemp("pictures") / "my garden.jpg"
    picture = Image.new("RGB", (900, 600), "white")
    picture.paste((230, 20, 10), (160, 10, 740, 590))
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(path, exif=exif)
    return path


def sentence(figure):
    return figure.get_by_role("status").inner_text()


def wait_for(figure, words):
    """Wait until the sentence holds some words."""
    for _ in range(100):
        if words in sentence(figure):
            return
        figure.page.wait_for_timeout(100)
    pytest.fail(f"{words!r} was not said, but: {sentence(figure)}")


def choose_file(figure, path):
    """Choose a file with the keyboard; JupyterLab, when it is slow, may take the focus away."""
    from playwright.sync_api import TimeoutError as TooLateError

    button = figure.get_by_role("button", name="Your picture")
    for _ in range(10):
        button.focus()
        with contextlib.suppress(TooLateError):
            with figure.page.expect_file_chooser(timeout=2_000) as dialog:
                figure.page.keyboard.press("Enter")
            dialog.value.set_files(path)
            return
    pytest.fail("no dialog opened")


def test_a_file_of_ones_own_is_classified(figure, page, photograph, screenshots):
    figure.screenshot(path=screenshots / "classifier-start.png")
    choose_file(figure, photograph)
    wait_for(figure, "my garden.jpg: The network says")
    image = figure.locator("img")
    assert image.get_attribute("alt") == sentence(figure)
    assert image.evaluate("image => image.complete && image.naturalWidth > 0")
    assert "so it answers" in sentence(figure)
    figure.screenshot(path=screenshots / "classifier-own-picture.png")
    assert page.problems == []


def test_a_file_that_is_no_picture_gets_a_sentence_and_no_error(
    figure, page, tmp_path, screenshots
):
    essay = tmp_path / "essay.docx"
    essay.write_bytes(b"PK\x03\x04 not a picture")
    choose_file(figure, essay)
    wait_for(figure, "essay.docx: this cannot be classified.")
    figure.screenshot(path=screenshots / "classifier-no-picture.png")
    assert page.problems == []


def test_the_keyboard_reaches_both_buttons_and_draws_test_images(figure, page, screenshots):
    figure.get_by_role("button", name="Your picture").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Another test image"
    page.keyboard.press("Space")
    wait_for(figure, "that shows:")
    before = figure.locator("img").get_attribute("src")
    page.keyboard.press("Space")
    page.wait_for_timeout(1000)
    assert figure.locator("img").get_attribute("src") != before
    figure.screenshot(path=screenshots / "classifier-test-image.png")


def test_on_a_narrow_screen_the_picture_stays_within_its_cell(page, figure, screenshots):
    page.set_viewport_size({"width": 700, "height": 1000})
    chromium.show(page, figure)
    page.screenshot(path=screenshots / "classifier-narrow.png")
    image, cell = figure.locator("img").bounding_box(), figure.bounding_box()
    assert image["width"] <= cell["width"]
