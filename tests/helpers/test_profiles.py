"""Which profile applies, and why."""

from dataclasses import replace

import pytest

from helpers import profiles


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch, tmp_path):
    for name in ("NBGRADER_EXECUTION", "JPY_SESSION_NAME", profiles.ENVIRONMENT_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    for name in ("TFDS_DATA_DIR", "KERAS_HOME"):  # what the developer has on disk does not count
        monkeypatch.setenv(name, str(tmp_path))


def test_quick_is_the_default():
    assert profiles.current().name == "quick"


def test_what_a_notebook_was_released_with_holds_unless_somebody_asks_for_another(monkeypatch):
    assert profiles.current(pinned="grade").name == "grade"
    assert "released with it" in str(profiles.current(pinned="grade"))
    assert profiles.current("full", pinned="grade").name == "full"
    monkeypatch.setenv(profiles.ENVIRONMENT_VARIABLE, "full")
    assert profiles.current(pinned="grade").name == "full"


@pytest.mark.parametrize(
    ("gpus", "on_disk", "name", "reason"),
    [
        (1, True, "full", "1 GPU"),
        (0, True, "quick", "not a GPU"),
        (1, False, "quick", "not CIFAR-10 or DenseNet201 on disk"),
    ],
)
def test_without_a_wish_the_machine_decides(monkeypatch, gpus, on_disk, name, reason):
    monkeypatch.setattr(profiles, "count_gpus", lambda: gpus)
    if on_disk:
        monkeypatch.setattr(
            profiles,
            "_with_what_is_on_disk",
            lambda profile: replace(profile, dataset="cifar10", backbone="DenseNet201"),
        )
    profile = profiles.current()
    assert profile.name == name
    assert reason in str(profile)
    assert f"{profiles.usable_cores()} cores" in str(profile)


def test_the_environment_decides_and_an_argument_wins(monkeypatch):
    monkeypatch.setenv(profiles.ENVIRONMENT_VARIABLE, "full")
    assert profiles.current().name == "full"
    assert profiles.current("grade").name == "grade"


@pytest.mark.parametrize("run", ["autograde", "validate"])
def test_nbgrader_always_gets_grade_and_is_told(monkeypatch, run):
    monkeypatch.setenv("NBGRADER_EXECUTION", run)
    monkeypatch.setenv(profiles.ENVIRONMENT_VARIABLE, "full")
    profile = profiles.current("full")
    assert profile.name == "grade"
    assert run in str(profile)


def test_a_variable_left_over_by_a_broken_validation_does_not_count(monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    monkeypatch.setenv("JPY_SESSION_NAME", "regularization.ipynb")
    assert profiles.current().name == "quick"


def test_an_unknown_profile_names_those_that_exist(monkeypatch):
    monkeypatch.setenv(profiles.ENVIRONMENT_VARIABLE, "quik")
    with pytest.raises(ValueError, match=r"'quik' .*COURSE_PROFILE.*full, quick, grade"):
        profiles.current()


def test_full_is_the_course_as_designed():
    full = profiles.PROFILES["full"]
    assert (full.dataset, full.backbone) == ("cifar10", "DenseNet201")
    assert (full.train_images, full.validation_images, full.test_images) == (45_000, 5_000, 10_000)
    assert (full.scratch_epochs, full.head_epochs, full.fine_tune_epochs) == (15, 10, 10)


def test_only_full_downloads_by_itself():
    assert [name for name, profile in profiles.PROFILES.items() if profile.download] == ["full"]


def test_quick_takes_what_is_on_disk(tmp_path):
    without = profiles.current("quick")
    weights = tmp_path / "models" / "densenet201_weights_tf_dim_ordering_tf_kernels_notop.h5"
    weights.parent.mkdir()
    weights.touch()
    assert without.backbone != "DenseNet201"
    assert profiles.current("quick").backbone == "DenseNet201"


def test_a_backbone_that_does_not_fit_the_images_is_said_to_be_so():
    quick = profiles.PROFILES["quick"]
    assert "drawings" not in str(quick)
    assert "drawings" not in str(replace(quick, dataset="cifar10", backbone="DenseNet201"))
    assert "trained on drawings and these are photographs" in str(replace(quick, dataset="cifar10"))
