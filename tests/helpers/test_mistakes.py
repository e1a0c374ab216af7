"""Confusions are counted right, on the validation images only, for models of any kind."""

from types import SimpleNamespace

import numpy as np
import pytest

from helpers import mistakes

NAMES = ("cat", "dog", "bird")
LABELS = np.array([0, 0, 0, 0, 1, 1, 2])
#                  cat cat dog dog dog dog cat; the surest mistake is the last one
OUTPUTS = np.array(
    [
        [0.8, 0.1, 0.1],
        [0.5, 0.3, 0.2],
        [0.1, 0.8, 0.1],
        [0.3, 0.6, 0.1],
        [0.2, 0.7, 0.1],
        [0.0, 1.0, 0.0],
        [0.9, 0.1, 0.0],
    ],
    dtype="float32",
)


class FixedModel:
    """Gives the same numbers whatever it is shown."""

    def __init__(self, outputs):
        self.outputs = outputs

    def predict(self, images, verbose):
        self.seen = images
        return self.outputs


@pytest.fixture
def splits():
    """Seven validation images, each filled with its own number; reading the test set fails."""
    images = np.arange(7, dtype="float32")[:, None, None, None] / 10 * np.ones((7, 32, 32, 3))
    one_hot = np.eye(3)[LABELS]
    batches = [(images[:4], one_hot[:4]), (images[4:], one_hot[4:])]
    return SimpleNamespace(
        validation=SimpleNamespace(as_numpy_iterator=lambda: iter(batches)),
        class_names=NAMES,
        sizes={"validation": 7},
        caption="Toys, profile 'tiny'",
    )


def test_rows_are_true_classes_and_columns_predicted_ones():
    matrix = mistakes.confusion_matrix(LABELS, OUTPUTS.argmax(axis=1), 3)
    assert matrix.tolist() == [[2, 2, 0], [0, 2, 0], [1, 0, 0]]


def test_the_figure_tells_the_confusions_and_shows_the_surest_mistakes(splits):
    model = FixedModel(OUTPUTS)
    figure = mistakes.show_mistakes(model, splits)
    matrix, *pictures = figure.axes
    assert {text.get_text() for text in matrix.texts} == {"50", "100"}
    assert [label.get_text() for label in matrix.get_yticklabels()] == list(NAMES)
    assert matrix.get_ylabel() == "True class"
    assert figure.get_suptitle() == "Most frequent mistake: cat taken for dog, 2 of 4 times"
    titles = [axes.get_title() for axes in pictures]
    assert titles == ["bird\nsays cat, 90%", "cat\nsays dog, 80%", "cat\nsays dog, 60%", *[""] * 5]
    shown = [axes.images[0].get_array()[0, 0, 0] for axes in pictures if axes.images]
    assert shown == pytest.approx([0.6, 0.2, 0.3])
    assert len(model.seen) == 7
    assert "57% are right. Surest mistakes: bird taken for cat (90%)" in figure.alt
    assert "7 validation images of Toys, profile 'tiny'" in figure.alt
    assert "softmax" not in figure.alt


def test_logits_become_probabilities_and_the_figure_says_so(splits):
    figure = mistakes.show_mistakes(FixedModel(np.log(OUTPUTS + 1e-9) + 5), splits)
    assert figure.axes[1].get_title() == "bird\nsays cat, 90%"
    assert "softmax was applied" in figure.get_supxlabel()


def test_a_model_without_mistakes(splits):
    figure = mistakes.show_mistakes(FixedModel(np.eye(3)[LABELS]), splits)
    assert figure.get_suptitle() == "No mistakes"
    assert "Surest mistakes: none" in figure.alt


@pytest.mark.parametrize(
    ("outputs", "said"),
    [
        (np.zeros((7, 5)), r"\(7, 5\) instead of \(7, 3\)"),
        (np.full((7, 3), np.nan), "not finite"),
    ],
)
def test_what_is_no_classifier_of_these_images_is_told_why(splits, outputs, said):
    with pytest.raises(ValueError, match=said):
        mistakes.show_mistakes(FixedModel(outputs), splits)
