"""Histories are kept, joined, saved, drawn and compared."""

import pytest

from helpers import history as histories

FROZEN = {
    "loss": [2.0, 1.5],
    "accuracy": [0.3, 0.5],
    "val_loss": [2.1, 1.9],
    "val_accuracy": [0.2, 0.4],
}
TUNED = {"loss": [1.2], "accuracy": [0.6], "val_loss": [1.7], "val_accuracy": [0.5]}


def lines_of(figure):
    return figure.axes[0].get_lines()


def test_keeping_takes_what_fit_returns_and_does_not_change_later():
    recorded = {"loss": [2.0]}
    kept = histories.keep_history(recorded, "mine")
    recorded["loss"].append(1.0)
    assert kept.curves == {"loss": (2.0,)}
    assert kept.label == "mine"


def test_nothing_to_keep_says_what_to_do():
    with pytest.raises(TypeError, match=r"NoneType.*history = model\.fit"):
        histories.keep_history(None)


def test_joining_appends_and_remembers_where_fine_tuning_starts():
    joined = histories.join_histories(FROZEN, TUNED)
    assert joined.curves["val_accuracy"] == (0.2, 0.4, 0.5)
    assert joined.boundaries == (2,)
    assert histories.join_histories(joined, TUNED).boundaries == (2, 3)


def test_joining_drops_what_one_run_lacks_and_refuses_what_has_nothing_in_common():
    assert "lr" not in histories.join_histories(FROZEN, {**TUNED, "lr": [0.1]}).curves
    with pytest.raises(ValueError, match="share no measure"):
        histories.join_histories(FROZEN, {"other": [1.0]})
    with pytest.raises(ValueError, match="at least two"):
        histories.join_histories(FROZEN)


def test_a_saved_history_comes_back_equal(tmp_path):
    joined = histories.join_histories(FROZEN, TUNED, label="mine")
    joined.save(tmp_path / "history.json")
    assert histories.TrainingHistory.load(tmp_path / "history.json") == joined


def test_a_figure_shows_both_curves_and_the_line_where_fine_tuning_starts():
    figure = histories.plot_history(histories.join_histories(FROZEN, TUNED), "loss", caption="data")
    training, validation, boundary = lines_of(figure)
    assert list(training.get_ydata()) == [2.0, 1.5, 1.2]
    assert list(validation.get_ydata()) == [2.1, 1.9, 1.7]
    assert list(boundary.get_xdata()) == [2.5, 2.5]
    assert figure.axes[0].get_xlabel() == "Epoch"
    assert "nats" in figure.axes[0].get_ylabel()
    assert figure.get_supxlabel() == "data"


def test_comparing_draws_one_labelled_curve_each():
    figure = histories.compare_histories({"a": FROZEN, "b": TUNED}, title="Which?")
    assert [line.get_label() for line in lines_of(figure)] == ["a", "b"]


def test_a_measure_that_was_not_recorded_says_which_were():
    with pytest.raises(ValueError, match=r"no 'accuracy'.*loss"):
        histories.plot_history({"loss": [1.0]}, "accuracy")


def test_figures_leave_nothing_open_in_pyplot():
    import matplotlib.pyplot as plt

    histories.plot_history(FROZEN)
    assert plt.get_fignums() == []


def test_a_figure_says_in_words_what_it_shows_and_escapes_them_in_html():
    figure = histories.plot_history(FROZEN, title="Is a < b?", caption="drawn")
    assert figure.alt.startswith("Is a < b? Accuracy by epoch: training from 0.30 to 0.50")
    assert "validation from 0.20 to 0.40, lowest 0.20 in epoch 1, highest 0.40 in epoch 2" in (
        figure.alt
    )
    assert figure.alt in repr(figure)
    assert '<img alt="Is a &lt; b? Accuracy' in figure._repr_html_()
