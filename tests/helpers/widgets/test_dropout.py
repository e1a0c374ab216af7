"""Dropout as Keras does it: some units are 0, the others grow, and the mean stays on average."""

import numpy as np
import pytest

from helpers import widgets
from helpers.widgets.dropout import HIGHEST_RATE, MASKS, SIDE, drop

UNITS = np.random.default_rng(1).uniform(0.1, 1.0, (200, 300))


@pytest.fixture
def explorer():
    return widgets.dropout_explorer(rate=0.5)


def drawn_units(explorer):
    return np.asarray(explorer._image.get_array())


def drawn_means(explorer):
    return [bar.get_height() for bar in explorer._bars]


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.5, 0.9])
def test_survivors_are_scaled_and_the_mean_stays(rate):
    draws = np.random.default_rng(2).random(UNITS.shape)
    after = drop(UNITS, draws, rate)
    survivors = after != 0.0
    np.testing.assert_allclose(after[survivors], UNITS[survivors] / (1 - rate))
    assert (~survivors).mean() == pytest.approx(rate, abs=0.01)
    assert after.mean() == pytest.approx(UNITS.mean(), rel=0.03)


def test_it_is_what_keras_does():
    import keras

    keras.utils.set_random_seed(0)
    layer = keras.layers.Dropout(0.3)
    units = UNITS.astype("float32")
    theirs = np.asarray(layer(units, training=True))
    dropped = theirs == 0.0
    assert dropped.mean() == pytest.approx(0.3, abs=0.01)
    np.testing.assert_allclose(theirs, drop(units, np.where(dropped, 0.0, 1.0), 0.3), rtol=1e-6)
    np.testing.assert_array_equal(layer(units, training=False), units)


def test_a_higher_rate_drops_the_same_units_and_more(explorer):
    explorer.show(rate=0.3)
    few = drawn_units(explorer) == 0.0
    explorer.show(rate=0.6)
    many = drawn_units(explorer) == 0.0
    assert few.sum() < many.sum()
    assert many[few].all()


def test_the_picture_shows_the_scaled_survivors_and_the_means(explorer):
    units = drawn_units(explorer)
    survivors = units != 0.0
    np.testing.assert_allclose(units[survivors], 2.0 * explorer._units[survivors])
    before, this_mask, all_masks = drawn_means(explorer)
    assert before == explorer._units.mean()
    assert this_mask == units.mean()
    assert this_mask != pytest.approx(before, rel=0.01)
    assert all_masks == pytest.approx(before, rel=0.02)
    assert f"{(~survivors).sum()} of {SIDE * SIDE} units are 0" in explorer.figure.alt


def test_inference_changes_nothing(explorer):
    explorer.controls["training"].value = False
    np.testing.assert_array_equal(drawn_units(explorer), explorer._units)
    assert len({*drawn_means(explorer)}) == 1
    assert explorer.figure.alt.startswith("Inference: no unit is dropped")


def test_the_button_draws_another_mask_and_begins_again_after_the_last(explorer):
    first = drawn_units(explorer)
    explorer.controls["mask"].click()
    assert (drawn_units(explorer) != first).any()
    explorer.show(mask=MASKS)
    np.testing.assert_array_equal(drawn_units(explorer), first)


@pytest.mark.parametrize("rate", [-0.1, HIGHEST_RATE + 0.05, 50])
def test_a_rate_that_is_no_share_is_refused(rate):
    with pytest.raises(ValueError, match=r"rate is a share from 0 to 0\.9"):
        widgets.dropout_explorer(rate)
