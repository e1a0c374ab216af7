"""The interactive figures in JupyterLab: moved with the keyboard alone, as a student may do it."""

import nbformat
import pytest

from . import chromium

pytestmark = pytest.mark.browser

FIGURES = (
    "overfitting_explorer",
    "dropout_explorer",
    "batch_normalization_explorer",
    "labels_explorer",
    "freezing_explorer",
)


@pytest.fixture(scope="module")
def page(course, lab_server):
    """A page with a notebook on which all figures have been run."""
    cells = [nbformat.v4.new_code_cell("from helpers import widgets")]
    cells += [nbformat.v4.new_code_cell(f"widgets.{name}()") for name in FIGURES]
    opened_first = course / "work" / "regularization" / "regularization.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), opened_first)
    with chromium.open_page(lab_server.address, height=1000) as page:
        page.set_default_timeout(20_000)  # milliseconds
        chromium.choose(page, "Run", "Run All Cells")
        chromium.wait_until_idle(page, 120)
        yield page


@pytest.fixture
def figure(page, request):
    """The output of a call, in sight; the call is the parameter."""
    output = chromium.cell(page, f"{request.param}()").locator(".jp-OutputArea")
    chromium.show(page, output)
    return output


def sentence(figure):
    """Return what the sentence below the picture says."""
    return figure.get_by_role("status").inner_text()


def picture(figure):
    """Return the picture as text."""
    return figure.locator("img").get_attribute("src")


def slider(figure, label):
    """Return the handle of the slider with a label."""
    row = figure.locator(".widget-inline-hbox", has=figure.page.get_by_text(label, exact=True))
    return row.get_by_role("slider")


def press(key, control, figure):
    """Press a key on a control, and wait until picture and sentence are other ones."""
    before = picture(figure), sentence(figure)
    control.focus()
    control.page.keyboard.press(key)
    for _ in range(50):
        if picture(figure) != before[0] and sentence(figure) != before[1]:
            return
        control.page.wait_for_timeout(100)
    pytest.fail(f"{key} changed nothing, still: {before[1]}")


@pytest.mark.parametrize("figure", FIGURES, indirect=True)
def test_a_front_end_shows_controls_one_picture_and_a_sentence(figure, screenshots, request):
    name = request.node.callspec.params["figure"]
    figure.screenshot(path=screenshots / f"{name}.png")
    image = figure.locator("img")
    assert image.count() == 1
    assert image.evaluate("image => image.complete && image.naturalWidth == image.width")
    assert image.get_attribute("alt") == sentence(figure)
    assert figure.get_by_role("slider").count() + figure.get_by_role("checkbox").count() >= 1
    assert len(sentence(figure).split()) > 20


@pytest.mark.parametrize(
    ("figure", "moves"),
    [
        (
            "overfitting_explorer",
            [
                ("slider", "Images", "ArrowRight"),
                ("slider", "Network", "ArrowRight"),
                ("slider", "Epochs", "ArrowLeft"),
                ("checkbox", "Random labels", "Space"),
            ],
        ),
        (
            "dropout_explorer",
            [
                ("slider", "Rate", "ArrowRight"),
                ("button", "New mask", "Space"),
                ("button", "Inference", "Space"),
            ],
        ),
        (
            "batch_normalization_explorer",
            [
                ("slider", "Batch size", "ArrowLeft"),
                ("slider", "Gamma (scale)", "ArrowRight"),
                ("slider", "Beta (shift)", "ArrowRight"),
                ("button", "Inference", "Space"),
            ],
        ),
        (
            "labels_explorer",
            [
                ("button", "96 px", "Space"),
                ("checkbox", "From scratch", "Space"),
                ("checkbox", "Frozen", "Space"),
                ("checkbox", "Fine-tuned", "Space"),
            ],
        ),
        (
            "freezing_explorer",
            [("slider", "Frozen", "ArrowLeft"), ("slider", "Frozen", "End")],
        ),
    ],
    indirect=["figure"],
)
def test_the_keyboard_moves_every_control(figure, moves, page, screenshots, request):
    name = request.node.callspec.params["figure"]
    for role, label, key in moves:
        control = (
            slider(figure, label) if role == "slider" else figure.get_by_role(role, name=label)
        )
        press(key, control, figure)
        figure.screenshot(path=screenshots / f"{name}-{label}.png")
    assert page.problems == []


@pytest.mark.parametrize("figure", ["dropout_explorer"], indirect=True)
def test_the_tab_key_goes_from_control_to_control(figure, page):
    slider(figure, "Rate").focus()
    visited = []
    for _ in range(4):
        page.keyboard.press("Tab")
        visited.append(page.evaluate("document.activeElement.innerText"))
    assert [each for each in visited if not each[:1].isdigit()] == [
        "Training",
        "Inference",
        "New mask",
    ]
