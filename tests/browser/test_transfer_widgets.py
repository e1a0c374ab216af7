"""The interactive figures of transfer learning in JupyterLab, moved with the keyboard alone."""

import re

import nbformat
import pytest

from . import chromium
from .test_widgets import picture, press, sentence, slider

pytestmark = pytest.mark.browser

FIGURES = ("labels_explorer", "freezing_explorer")


@pytest.fixture(scope="module")
def address(course, lab_server):
    """The address of a notebook that shows both figures."""
    cells = [nbformat.v4.new_code_cell("from helpers import widgets")]
    cells += [nbformat.v4.new_code_cell(f"widgets.{name}()") for name in FIGURES]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), course / "work" / "transfer.ipynb")
    return re.sub(r"/lab[^?]*", "/lab/tree/transfer.ipynb", lab_server.address)


@pytest.fixture(scope="module")
def page(address):
    """A page on which both figures have been run."""
    with chromium.open_page(address, height=1000) as page:
        chromium.choose(page, "Run", "Run All Cells")
        chromium.wait_until_idle(page, 120)
        yield page


@pytest.fixture
def figure(page, request):
    """The output of a call, in sight; the call is the parameter."""
    output = chromium.cell(page, f"{request.param}()").locator(".jp-OutputArea")
    chromium.show(page, output)
    return output


@pytest.mark.parametrize("figure", FIGURES, indirect=True)
def test_a_front_end_shows_controls_one_picture_and_a_sentence(figure, screenshots, request):
    name = request.node.callspec.params["figure"]
    figure.screenshot(path=screenshots / f"{name}.png")
    (width,) = figure.locator("img").evaluate_all("images => images.map(each => each.naturalWidth)")
    assert width > 700
    assert len(picture(figure)) > 1_000
    assert len(sentence(figure).split()) > 20


@pytest.mark.parametrize("figure", ["freezing_explorer"], indirect=True)
def test_arrow_keys_move_the_boundary(figure, page, screenshots):
    assert "up to transition 3 frozen" in sentence(figure)
    press("ArrowLeft", slider(figure, "Frozen"), figure)
    assert "up to dense block 3 frozen" in sentence(figure)
    press("End", slider(figure, "Frozen"), figure)
    assert "whole backbone frozen" in sentence(figure)
    figure.screenshot(path=screenshots / "whole-backbone.png")
    assert page.problems == []


@pytest.mark.parametrize("figure", ["labels_explorer"], indirect=True)
@pytest.mark.parametrize(
    ("role", "label"),
    [
        ("button", "96 px"),
        ("checkbox", "From scratch"),
        ("checkbox", "Frozen"),
        ("checkbox", "Fine-tuned"),
    ],
)
def test_space_presses_buttons_and_boxes(figure, role, label, page, screenshots):
    press("Space", figure.get_by_role(role, name=label), figure)
    figure.screenshot(path=screenshots / f"labels-{label.replace(' ', '-')}.png")
    assert page.problems == []
