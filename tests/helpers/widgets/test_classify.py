"""The figure shows a picture, what is left of it, and what a network says about that."""

import io
from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from helpers import widgets
from helpers.widgets import classify

NAMES = ("bird", "cat", "deer", "dog", "frog", "horse", "plane", "ship", "truck", "van")


class Images(list):
    """The part of a data set that the figure asks for."""

    def unbatch(self):
        return self

    def take(self, most):
        return Images(self[:most])

    def as_numpy_iterator(self):
        return iter(self)


@pytest.fixture
def splits():
    """Test images, each plain: the first dark, the second bright."""
    plain = [np.full((32, 32, 3), level, np.float32) for level in (0.2, 0.8)]
    return SimpleNamespace(
        test=Images(zip(plain, np.eye(10, dtype=np.float32), strict=False)),
        class_names=NAMES,
        caption="toy data, profile 'grade'",
    )


def predict(images):
    """Give the class `bird` as much as a picture is bright, and `cat` the rest."""
    bright = images.mean(axis=(1, 2, 3))
    return np.column_stack([bright, 1 - bright, np.zeros((len(images), 8))])


@pytest.fixture
def figure(splits):
    return widgets.picture_classifier(predict, splits, threshold=0.7)


def uploaded(picture, name="mine.png"):
    """Return what the upload control holds after a picture was chosen."""
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return file(name, buffer.getvalue())


def file(name, content):
    about = {"name": name, "type": "", "size": len(content), "content": memoryview(content)}
    return ({**about, "last_modified": datetime.now(UTC)},)


def widths(figure):
    return [bar.get_width() for bar in figure._bars]


def test_it_starts_with_a_test_image_and_says_the_top_classes(figure):
    assert figure.figure.alt == (
        "A test image of toy data, profile 'grade', that shows: bird. The network says cat (80%), "
        "then bird (20%), deer (0%). The threshold is 70%, so it answers."
    )
    assert widths(figure) == pytest.approx([0.8, 0.2, 0, 0, 0], abs=1e-6)
    assert figure._texts[0].get_text() == "cat 80%"


def test_the_button_draws_one_test_image_after_another_and_begins_again(figure):
    button = figure.controls["number"]
    seen = []
    for _ in range(3):
        button.click()
        seen.append(figure.figure.alt[:60])
    assert seen[0] != seen[1]
    assert seen[0] == seen[2]


def test_an_uploaded_picture_is_shown_large_and_as_the_network_sees_it(figure):
    half = Image.new("RGB", (400, 300), "white")
    half.paste("black", (0, 0, 200, 300))
    figure.controls["upload"].value = uploaded(half)
    assert figure.figure.alt == (
        "mine.png: The network says bird (50%), then cat (50%), deer (0%). The threshold is 70%, "
        "so it had better say: I do not know."
    )
    sharp, small = figure._sharp.get_array(), figure._small.get_array()
    assert sharp.shape == (192, 192, 3)
    assert small.shape == (32, 32, 3)
    assert (small[:, 0].max(), small[:, -1].min()) == (0, 1)
    assert figure._titles[0].get_text() == "Your picture: mine.png"


def test_what_is_no_picture_is_said_and_leaves_nothing_of_the_one_before(figure):
    figure.controls["upload"].value = file("essay.docx", b"PK")
    told = figure.figure.alt
    assert told.startswith("essay.docx: this cannot be classified. It is not an image")
    assert "PNG" in told
    assert widths(figure) == [0.0] * classify.TOP
    assert [text.get_text() for text in figure._texts] == [""] * classify.TOP
    assert (figure._small.get_array() == 1).all()


def test_after_a_test_image_the_same_file_can_be_chosen_again(figure):
    mine = uploaded(Image.new("RGB", (40, 40), "white"))
    figure.controls["upload"].value = mine
    figure.controls["number"].click()
    assert figure.controls["upload"].value == ()
    assert figure.figure.alt.startswith("A test image")
    figure.controls["upload"].value = mine
    assert figure.figure.alt.startswith("mine.png: ")


def test_without_a_threshold_none_is_spoken_of(splits):
    told = widgets.picture_classifier(predict, splits).figure.alt
    assert "threshold" not in told


def test_a_long_name_keeps_its_end(figure):
    mine = uploaded(Image.new("RGB", (40, 40)), "my holiday photograph of the garden.png")
    figure.controls["upload"].value = mine
    assert figure._titles[0].get_text() == "Your picture: my holiday photo...n.png"


def test_the_data_are_named_below(figure):
    assert figure.figure.get_supxlabel() == "toy data, profile 'grade'"
