"""Exported models: right answers lose nothing, wrong ones are told what is wrong with them."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from helpers import checks, data, deployment, pictures, profiles
from helpers.checks import deployment as judging
from helpers.checks import probes
from helpers.checks.handover import Artifact
from helpers.quiet import import_tensorflow

import_tensorflow()
import keras  # noqa: E402
from keras import layers  # noqa: E402

PROFILE = replace(profiles.PROFILES["grade"], train_images=640)


@pytest.fixture(scope="module")
def splits():
    return data.load_splits(PROFILE)


@pytest.fixture(autouse=True)
def _images_loaded_once(monkeypatch, splits):
    monkeypatch.setattr(data, "load_splits", lambda profile: splits)


def build_model(seed=0):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Rescaling(2.0, -1.0),
            layers.Conv2D(16, 5, strides=3, activation="relu"),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    # With a smaller rate, the answers of float16 differ so little that either verdict is right.
    model.compile(keras.optimizers.Adam(1e-2), "categorical_crossentropy")
    return model


@pytest.fixture(scope="module")
def model(splits):
    model = build_model()
    model.fit(splits.train, epochs=6, verbose=0)
    return model


@pytest.fixture(scope="module")
def images(splits):
    return pictures.to_arrays(splits.validation)[0]


def export(model, folder, format, splits, **options):
    options = {"class_names": splits.class_names, **options}
    return deployment.export_model(model, folder, format, **options)


@pytest.fixture(scope="module")
def artifacts(model, splits, tmp_path_factory):
    """The four artifacts of the exercise, and two that are smaller, by format."""
    folder = tmp_path_factory.mktemp("artifacts")
    return deployment.export_formats(
        model,
        folder,
        class_names=splits.class_names,
        representative_images=probes.as_arrays(splits.train, most=64)[0],
        progress=False,
    )


@pytest.fixture(scope="module")
def four(artifacts):
    return {name: artifacts[name] for name in judging.FORMATS}


@pytest.fixture(scope="module")
def answers(four, images):
    """What the artifacts answer, by format."""
    return {name: judging._run(artifact, images) for name, artifact in four.items()}


@pytest.fixture
def judge(tmp_path):
    """Hand over as a notebook does, and judge."""

    def judge(check, model, **made):
        judging.write_exports(tmp_path / "handed-over", model, **made)
        report = checks.judges()[check](Artifact(tmp_path / "handed-over"), PROFILE)
        return report

    return judge


def found(report):
    return {finding.id for finding in report.findings}


def text_of(report, finding):
    return next(str(each) for each in report.findings if each.id == finding)


def verdicts(model, images, answers):
    expected = model.predict(images, verbose=0)
    return {
        name: deployment.compare_predictions(expected, found).equal
        for name, found in answers.items()
    }


def copied(four, tmp_path, name="keras"):
    """Return the four artifacts, one of them a copy that may be damaged, and its folder."""
    folder = tmp_path / "copy"
    shutil.copytree(four[name].folder, folder)
    return {**four, name: folder}, folder


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (None, "`artifacts` is `None`, not a dictionary by format"),
        ("artifacts/keras", "`artifacts` is the text 'artifacts/keras'"),
        ([1, 2], "`artifacts` is a `list`"),
    ],
)
def test_what_is_no_dictionary_is_named(judge, model, made, told):
    report = judge("check_export", model, exported=made)
    assert report.points == 0
    assert told in text_of(report, "no-artifacts")


def test_missing_formats_are_counted_and_named(judge, model, four):
    report = judge("check_export", model, exported={"keras": four["keras"]})
    assert report.points == 4
    told = text_of(report, "missing-format")
    assert "Of the 4 formats 3 are missing: `saved_model`, `litert_float32`," in told


def test_one_artifact_under_every_name_is_told_by_its_format(judge, model, four):
    report = judge("check_export", model, exported=dict.fromkeys(four, four["keras"]))
    assert found(report) == {"wrong-format"}
    assert "Under `saved_model` lies an artifact of another format: Keras file." in text_of(
        report, "wrong-format"
    )


def test_a_folder_that_is_not_there_is_named(judge, model, four):
    report = judge("check_export", model, exported={**four, "keras": "nowhere"})
    assert "`keras`: there is no folder 'nowhere'." in text_of(report, "damaged-artifact")


def test_the_model_in_place_of_an_artifact_is_named(judge, model, four):
    report = judge("check_export", model, exported={**four, "keras": model})
    assert "it is a `Sequential`, neither an artifact" in text_of(report, "damaged-artifact")


def test_a_file_that_was_changed_later_is_found_by_its_checksum(judge, model, four, tmp_path):
    made, folder = copied(four, tmp_path)
    (folder / "model.keras").write_bytes(b"cut off")
    told = text_of(judge("check_export", model, exported=made), "damaged-artifact")
    assert "the artifact was changed since it was exported: model.keras" in told
    assert str(tmp_path) not in told


def test_a_script_of_the_learners_own_is_refused_and_never_run(judge, model, four, tmp_path):
    made, folder = copied(four, tmp_path)
    (folder / "predict.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    manifest = json.loads((folder / "artifact.json").read_text())
    manifest["files"] = deployment.artifact.checksums(folder)
    (folder / "artifact.json").write_text(json.dumps(manifest))
    report = judge("check_export", model, exported=made)
    assert "are not those of this version of the course" in text_of(report, "damaged-artifact")
    assert not (tmp_path / "ran").exists()


def test_a_link_is_not_followed(judge, model, four, tmp_path):
    made, folder = copied(four, tmp_path)
    (folder / "secret").symlink_to("/etc/passwd")
    told = text_of(judge("check_export", model, exported=made), "damaged-artifact")
    assert "is a link" in told


def test_a_model_that_was_exported_before_its_training_is_told_by_its_answers(
    judge, model, four, splits, tmp_path
):
    early = export(build_model(), tmp_path / "early", "keras", splits)
    report = judge("check_export", model, exported={**four, "keras": early})
    assert found(report) == {"other-answers", "not-trained"}
    assert report.points == 2
    assert "`keras` and your model differ by up to 0." in text_of(report, "other-answers")


def test_classes_in_another_order_are_named(judge, model, four, splits, tmp_path):
    names = splits.class_names[::-1]
    wrong = export(model, tmp_path / "names", "keras", splits, class_names=names)
    report = judge("check_export", model, exported={**four, "keras": wrong})
    assert (report.points, found(report)) == (4, {"wrong-classes"})
    told = text_of(report, "wrong-classes")
    assert f"number 0 is called '{names[0]}', and its images show: {names[-1]}" in told


def test_objects_with_probabilities_and_numpys_booleans_are_right_as_well(
    judge, model, four, images, answers
):
    proof = {
        "fresh": {
            name: deployment.FreshPredictions(numbers, {}, None)
            for name, numbers in answers.items()
        },
        "equal": {k: np.bool_(v) for k, v in verdicts(model, images, answers).items()},
    }
    assert judge("check_equality", model, exported=four, proof=proof).passed


@pytest.mark.parametrize(
    ("change", "finding", "points"),
    [
        pytest.param(lambda p: {**p, "fresh": None}, "no-predictions", 2, id="fresh is None"),
        pytest.param(lambda p: {**p, "equal": True}, "no-verdict", 2, id="one verdict for all"),
        pytest.param(
            lambda p: {**p, "fresh": {"keras": p["fresh"]["keras"]}}, "no-predictions", 2,
            id="one format only",
        ),
        pytest.param(
            lambda p: {**p, "equal": {k: 0.0 for k in p["equal"]}}, "no-verdict", 2,
            id="differences in place of verdicts",
        ),
        pytest.param(
            lambda p: {**p, "equal": dict.fromkeys(p["equal"], True)}, "called-equal", 2,
            id="only the top class was compared",
        ),
        pytest.param(
            lambda p: {**p, "equal": dict.fromkeys(p["equal"], False)}, "called-different", 2,
            id="exact equality was asked for",
        ),
        pytest.param(
            lambda p: {**p, "fresh": dict.fromkeys(p["fresh"], p["fresh"]["keras"])},
            "from-the-notebook", 2, id="the notebook's model, compared with itself",
        ),
        pytest.param(
            lambda p: {**p, "fresh": {k: v[::-1] for k, v in p["fresh"].items()}},
            "not-from-the-artifact", 2, id="another order of the files",
        ),
        pytest.param(
            lambda p: {**p, "fresh": {k: v[:10] for k, v in p["fresh"].items()}},
            "wrong-predictions-shape", 2, id="ten files only",
        ),
        pytest.param(
            lambda p: {**p, "fresh": {k: v * np.nan for k, v in p["fresh"].items()}},
            "not-from-the-artifact", 2, id="nothing but nan",
        ),
        pytest.param(
            lambda p: {**p, "fresh": dict.fromkeys(p["fresh"], "files")}, "no-predictions", 2,
            id="texts",
        ),
    ],
)  # fmt: skip
def test_a_wrong_proof_gets_its_finding(
    judge, model, four, images, answers, change, finding, points
):
    proof = change({"fresh": answers, "equal": verdicts(model, images, answers)})
    report = judge("check_equality", model, exported=four, proof=proof)
    assert (report.points, found(report)) == (points, {finding})


def test_a_proof_without_artifacts_refers_to_the_export(judge, model, answers):
    report = judge("check_equality", model, exported={}, proof={"fresh": answers, "equal": {}})
    assert (report.points, found(report)) == (0, {"missing-format"})
    assert "See 'Your turn: export'" in str(report)


@pytest.mark.parametrize(
    ("choose", "finding", "points", "told"),
    [
        (lambda a: a["litert_float16"], "too-large", 2, "The LiteRT float16 that you chose takes"),
        (lambda a: a["litert_float32"], "too-large", 2, "the phone has 0.0"),
        (lambda a: a["keras"], "not-for-the-phone", 0, "You chose the Keras file"),
        (lambda a: "litert_int8", "not-an-artifact", 0, "there is no folder 'litert_int8'"),
        (lambda a: a, "not-an-artifact", 0, "it is a `dict`, neither an artifact nor"),
        (lambda a: None, "not-an-artifact", 0, "it is `None`, neither an artifact nor"),
    ],
)
def test_a_wrong_choice_gets_its_finding(judge, model, artifacts, choose, finding, points, told):
    report = judge("check_choice", model, exported={"chosen": choose(artifacts)})
    assert (report.points, found(report)) == (points, {finding})
    assert told in text_of(report, finding)


def test_a_file_that_only_looks_like_litert_is_told_not_run(judge, model, four, tmp_path):
    made, folder = copied(four, tmp_path, "litert_float32")
    (folder / "model.tflite").write_bytes(b"TFL3" * 100)
    manifest = json.loads((folder / "artifact.json").read_text())
    manifest["files"] = deployment.artifact.checksums(folder)
    (folder / "artifact.json").write_text(json.dumps(manifest))
    report = judge("check_choice", model, exported={"chosen": made["litert_float32"]})
    assert (report.points, found(report)) == (0, {"does-not-run"})


def test_the_notebook_states_the_budget_that_the_check_uses(model):
    """The prose and the cell of the exercise name both numbers."""
    from helpers.paths import course_root

    source = (course_root() / "solutions" / "deployment" / "deployment.py").read_text()
    assert f"space = {judging.BYTES_PER_WEIGHT} * model.count_params()" in source
    assert f"accuracy - {judging.ACCURACY_LOSS}" in source


def test_a_verdict_is_one_truth_value_whatever_holds_it():
    import tensorflow as tf

    equal = {
        "keras": tf.constant(True),
        "saved_model": np.array([False]),
        "litert_float32": np.array([True, False]),
        "litert_float16": tf.constant(1.0),
        "symbolic": keras.KerasTensor((), "bool"),
        "words": "True",
    }
    verdicts = judging._plain_verdicts(equal)["verdicts"]
    assert verdicts == {"keras": True, "saved_model": False}
