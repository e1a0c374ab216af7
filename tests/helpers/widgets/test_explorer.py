"""What interactive figures share: a still picture where nobody can move a control, and words."""

import io
import re
import subprocess
import sys

import nbformat
import numpy as np
import pytest
from matplotlib.image import imread
from nbclient import NotebookClient
from nbconvert.exporters import HTMLExporter

from helpers import widgets
from helpers.widgets import explorer
from helpers.widgets.explorer import VIEW

EXPLORERS = (
    "overfitting_explorer",
    "dropout_explorer",
    "batch_normalization_explorer",
    "labels_explorer",
    "freezing_explorer",
)


@pytest.fixture(params=EXPLORERS)
def shown(request):
    return getattr(widgets, request.param)()


@pytest.fixture
def front_end(monkeypatch):
    monkeypatch.setattr(explorer, "has_front_end", lambda: True)


def move(shown, name):
    """Move a control to another place."""
    control = shown.controls[name]
    if not control.has_trait("value"):
        control.click()
    elif control.has_trait("options"):
        control.index = (control.index + 1) % len(control.options)
    elif control.has_trait("min"):
        control.value = control.min + control.step
    else:
        control.value = not control.value


def pixels_of(png):
    return imread(io.BytesIO(png))


def alternative_text(html):
    """Return the alternative text of the only picture."""
    (text,) = re.findall(r'<img alt="([^"]+)"[^>]* src="data:image/png;base64,[^"]+"', html)
    return text


def test_importing_them_costs_nothing():
    code = (
        "import sys, helpers.widgets; print({'numpy', 'matplotlib', 'ipywidgets'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_every_control_has_a_label(shown):
    labels = [control.description for control in shown.controls.values()]
    assert all(labels)
    assert len({*labels}) == len(labels)


def test_every_control_changes_the_picture_and_the_words(shown):
    for name in shown.controls:
        before = shown.picture.value, shown.words.value
        move(shown, name)
        assert alternative_text(shown.picture.value) == shown.figure.alt, name
        assert shown.picture.value.split("src=")[1] != before[0].split("src=")[1], name
        assert shown.words.value != before[1], name
        move(shown, name)  # back, for in inference dropout has no mask to change


def test_a_moved_picture_is_the_one_that_drawing_all_anew_gives(shown):
    """What moves is painted over a background; nothing of its old place may be left there."""
    move(shown, next(iter(shown.controls)))
    buffer = io.BytesIO()
    shown.figure.savefig(buffer, format="png")
    differs = np.abs(pixels_of(shown.to_png()) - pixels_of(buffer.getvalue())) > 0.2
    assert differs.mean() < 0.003


def test_the_words_are_read_out_and_are_the_alternative_text(shown):
    shown.show()
    assert 'role="status"' in shown.words.value
    assert shown.figure.alt in shown.words.value


def test_without_a_front_end_there_is_a_picture_with_words_and_no_widget(shown):
    bundle = shown._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    assert alternative_text(bundle["text/html"]) == shown.figure.alt
    assert shown.figure.alt in bundle["text/plain"]
    assert "panel" not in vars(shown)  # a widget would leave its state in the notebook


def test_a_front_end_gets_the_controls_and_the_picture_for_later_readers(shown, front_end):
    bundle = shown._repr_mimebundle_()
    assert bundle[VIEW]["model_id"] == shown.panel.model_id
    assert alternative_text(bundle["text/html"]) == shown.figure.alt


def test_a_web_page_of_a_saved_notebook_shows_the_picture(front_end):
    """Saved in JupyterLab, a notebook names a widget, but nothing of it is left."""
    shown = widgets.dropout_explorer()
    output = nbformat.v4.new_output("execute_result", data=shown._repr_mimebundle_())
    assert VIEW in output.data
    cell = nbformat.v4.new_code_cell("widgets.dropout_explorer()", outputs=[output])
    html, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    assert alternative_text(html) == shown.figure.alt
    assert VIEW not in html


def test_a_notebook_run_without_a_front_end_holds_pictures_only():
    source = "from helpers import widgets\nwidgets.dropout_explorer(rate=0.5)"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    NotebookClient(notebook, kernel_name="python3").execute()
    (output,) = notebook.cells[0].outputs
    assert set(output.data) == {"text/plain", "text/html"}
    assert "widgets" not in notebook.metadata
    html, _ = HTMLExporter().from_notebook_node(notebook)
    assert alternative_text(html).startswith("Training with rate 0.5: ")
