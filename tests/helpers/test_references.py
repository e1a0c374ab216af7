"""Recorded runs load or say what is wrong, and the comparison says what it compares."""

import json
from types import SimpleNamespace

import pytest

from helpers import references
from helpers.references import DamagedRecordError, ReferenceRun

HISTORY = {
    "loss": [2.0, 1.0],
    "accuracy": [0.3, 0.6],
    "val_loss": [2.1, 1.2],
    "val_accuracy": [0.25, 0.55],
    "seconds": [30.0, 20.0],
}
MODEL = SimpleNamespace(count_params=lambda: 12_345)


def splits_of(dataset="toys", train=1000):
    return SimpleNamespace(
        info=SimpleNamespace(name=dataset), sizes={"train": train}, caption="Toys, profile 'tiny'"
    )


def run_of(name, *, seed=0, end=0.5, train_images=1000, dataset="toys", parameters=777):
    return ReferenceRun(
        name=name,
        about="A network.",
        dataset=dataset,
        profile=f"of{train_images}",
        train_images=train_images,
        epochs=2,
        batch_size=32,
        seed=seed,
        parameters=parameters,
        seconds=(10.0, 9.0),
        processor_seconds=(19.0, 17.0),
        curves={
            "loss": (2.0, 1.5),
            "accuracy": (0.2, 0.5),
            "val_loss": (2.0, 1.6),
            "val_accuracy": (0.2, end),
        },
        test_accuracy=0.49,
        cores=2,
        sittings=1,
        command="python record",
        versions={"python": "3"},
        date="2026-01-02",
    )


@pytest.fixture
def folder(tmp_path):
    run_of("good", end=0.7).save(tmp_path)
    run_of("good", end=0.8, seed=1).save(tmp_path)
    run_of("poor", end=0.4).save(tmp_path)
    run_of("good", end=0.95, train_images=45_000).save(tmp_path)
    return tmp_path


def legend_of(figure):
    return [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


def test_a_saved_run_comes_back_equal(tmp_path):
    run = run_of("good")
    assert ReferenceRun.load(run.save(tmp_path)) == run


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 2}, "format"),
        ({"seed": None, "more": 1}, "more"),
        ({"seconds": [1.0]}, "2 epochs"),
        ({"curves": {"loss": [1.0, 2.0]}}, "no accuracy"),
        ({"curves": 3}, "no recorded run"),
    ],
)
def test_a_damaged_record_is_named_with_what_is_wrong(tmp_path, change, said):
    path = run_of("good").save(tmp_path)
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(DamagedRecordError, match=said) as caught:
        references.load_references("toys", tmp_path)
    assert path.name in str(caught.value)


def test_a_file_that_is_no_json_is_a_damaged_record(tmp_path):
    (tmp_path / "x.json").write_text("oops")
    with pytest.raises(DamagedRecordError, match=r"x\.json"):
        references.load_references("toys", tmp_path)


def test_yours_is_drawn_over_the_references_with_parameters_and_seconds(folder):
    figure = references.compare_with_references(HISTORY, MODEL, splits_of(), folder=folder)
    yours, best, worst = figure.axes[0].get_lines()
    assert list(yours.get_ydata()) == [0.25, 0.55]
    assert list(best.get_ydata()) == [pytest.approx(0.2), pytest.approx(0.75)]
    assert worst.get_ydata()[-1] == 0.4
    legend = legend_of(figure)
    assert legend[0].split() == ["yours", "12,345", "50", "0.550"]
    assert legend[1].split() == ["good", "(mean", "of", "2", "seeds)", "777", "18", "0.750"]
    assert figure.axes[0].get_title() == (
        "Your model ends at 0.550, the best reference (good) at 0.750"
    )
    assert "12,345 parameters, 50 seconds" in figure.alt
    assert (
        "Toys, profile 'tiny'; references recorded on 2 processor cores, 2026-01-02" in figure.alt
    )
    assert "Careful" not in figure.alt


def test_time_that_nobody_measured_is_called_so(folder):
    history = {name: curve for name, curve in HISTORY.items() if name != "seconds"}
    figure = references.compare_with_references(history, MODEL, splits_of(), folder=folder)
    assert "not measured" in legend_of(figure)[0]
    assert "seconds not measured" in figure.alt


def test_references_with_other_numbers_of_images_come_with_a_warning(folder):
    figure = references.compare_with_references(
        HISTORY, MODEL, splits_of(train=30_000), folder=folder
    )
    assert "Careful: the references saw 45,000 training images, yours saw 30,000" in figure.alt
    assert "Careful" in figure.get_supxlabel()
    assert len(figure.axes[0].get_lines()) == 2


def test_without_a_reference_it_says_so(folder):
    figure = references.compare_with_references(HISTORY, MODEL, splits_of("other"), folder=folder)
    assert "no recorded reference" in figure.axes[0].get_title()
    assert len(figure.axes[0].get_lines()) == 1


def test_a_history_without_validation_says_what_to_do():
    with pytest.raises(ValueError, match=r"validation_data=splits\.validation"):
        references.compare_with_references({"loss": [1.0]}, MODEL, splits_of())


def test_the_shipped_records_load_and_are_whole():
    paths = sorted(references.RECORDED.glob("*.json"))
    runs = [ReferenceRun.load(path) for path in paths]
    names = {run.name for run in runs if run.dataset == "rendered_things"}
    assert names == {"plain", "regularized", "small"}
    for path, run in zip(paths, runs, strict=True):
        assert path.name == f"{run.dataset}-{run.profile}-{run.name}-seed{run.seed}.json"
        for curve in ("accuracy", "val_accuracy"):
            assert all(0 <= value <= 1 for value in run.curves[curve])
        assert set(run.versions) == {"python", "tensorflow", "keras"}
