"""The recorded histories hold what the notebook says of them, and the figure shows them."""

import numpy as np
import pytest

from helpers import widgets
from helpers.widgets.overfitting import Setting, load_record, recorded_histories


@pytest.fixture(scope="module")
def record():
    return load_record()


@pytest.fixture(scope="module")
def histories(record):
    return recorded_histories(record)


@pytest.fixture
def explorer():
    return widgets.overfitting_explorer()


def at_the_end(history, measure):
    """Return the mean of the last five epochs, which a single lucky one does not move."""
    return np.mean(history.curves[measure][-5:])


def gap(history):
    return at_the_end(history, "accuracy") - at_the_end(history, "val_accuracy")


def drawn(explorer, name):
    return list(explorer._curves[name].get_ydata())


def test_the_record_says_where_it_comes_from(record):
    assert record["data_set"] == "CIFAR-10"
    assert record["command"] == "python tests/benchmarks/record_overfitting.py"
    assert set(record["versions"]) == {"python", "tensorflow", "keras"}
    assert {"date", "seed", "settings", "parameters"} <= set(record)


def test_every_place_of_the_sliders_was_recorded(histories):
    true = [setting for setting in histories if not setting.random_labels]
    sizes = {setting.images for setting in true}
    networks = {setting.network for setting in true}
    assert len(true) == len(sizes) * len(networks) == 12
    random = {setting for setting in histories if setting.random_labels}
    assert {setting.network for setting in random} == networks
    assert len({setting.images for setting in random}) == 1


def test_the_networks_differ_clearly(record):
    small, medium, large = record["parameters"].values()
    assert small * 10 < medium
    assert medium * 5 < large


def test_a_large_network_overfits_few_images(histories):
    assert gap(histories[Setting(250, "large", False)]) > 0.5


def test_a_small_network_underfits_even_many_images(histories):
    small = histories[Setting(16_000, "small", False)]
    assert at_the_end(small, "accuracy") < 0.5
    assert abs(gap(small)) < 0.05


def test_more_images_close_the_gap_and_help(histories):
    few, many = (histories[Setting(images, "medium", False)] for images in (250, 16_000))
    assert gap(many) < gap(few) / 2
    assert at_the_end(many, "val_accuracy") > at_the_end(few, "val_accuracy") + 0.2


def test_stopping_earlier_is_a_good_fit_where_the_end_is_not(histories):
    large = histories[Setting(16_000, "large", False)].curves
    best = int(np.argmin(large["val_loss"]))
    assert large["accuracy"][best] - large["val_accuracy"][best] < 0.15
    assert large["val_accuracy"][best] > 0.55
    assert large["accuracy"][-1] - large["val_accuracy"][-1] > 0.25


def test_random_labels_are_learned_by_heart_and_nothing_else(histories):
    (large,) = (
        history
        for setting, history in histories.items()
        if setting.random_labels and setting.network == "large"
    )
    assert max(large.curves["accuracy"]) == 1.0
    assert at_the_end(large, "val_accuracy") == pytest.approx(0.1, abs=0.03)


def test_the_figure_shows_the_epochs_that_were_asked_for(explorer, histories):
    explorer.controls["images"].value = 4_000
    explorer.controls["network"].value = "large"
    explorer.controls["epochs"].value = 7
    curves = histories[Setting(4_000, "large", False)].curves
    assert {name: drawn(explorer, name) for name in curves} == {
        name: list(curve[:7]) for name, curve in curves.items()
    }
    lowest = min(curves["val_loss"][:7])
    assert list(explorer._lowest.get_ydata()) == [lowest]
    assert explorer.figure.alt.startswith("The large network (315,722 parameters) after epoch 7 ")
    assert f"{100 * curves['accuracy'][6]:.1f} % in training" in explorer.figure.alt
    assert explorer.figure.alt.endswith(f": {lowest:.2f}.")


def test_random_labels_have_one_size_and_their_own_epochs(explorer, histories):
    controls = explorer.controls
    controls["images"].value = 16_000
    controls["random_labels"].value = True
    (random,) = (s for s in histories if s.random_labels and s.network == "medium")
    assert controls["images"].disabled
    assert controls["images"].value == random.images
    assert controls["epochs"].max == histories[random].epochs > 30
    controls["epochs"].value = controls["epochs"].max
    assert drawn(explorer, "accuracy") == list(histories[random].curves["accuracy"])
    controls["random_labels"].value = False
    assert not controls["images"].disabled
    assert controls["epochs"].max == len(drawn(explorer, "accuracy")) == 30


def test_it_starts_where_it_is_told():
    explorer = widgets.overfitting_explorer(250, "large", epochs=3)
    assert explorer.controls["epochs"].value == len(drawn(explorer, "loss")) == 3
    random = widgets.overfitting_explorer(random_labels=True)
    assert random.controls["random_labels"].value
    assert "random labels" in random.figure.alt


def test_a_run_that_was_not_recorded_is_refused():
    with pytest.raises(ValueError, match=r"No history was recorded for .*images=500"):
        widgets.overfitting_explorer(images=500)
