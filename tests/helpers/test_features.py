"""Features once: equal to training through the network, kept safely, and never taken on trust."""

import resource
from dataclasses import replace

import numpy as np
import pytest

from helpers import data, densenet, features, profiles
from helpers.features import FeaturesError, extract_features
from helpers.quiet import import_tensorflow

import_tensorflow()
import keras  # noqa: E402
import tensorflow as tf  # noqa: E402

PROFILE = replace(
    profiles.PROFILES["grade"], train_images=320, validation_images=40, test_images=40
)
QUIET = {"progress": False}


@pytest.fixture(scope="module")
def splits():
    return data.load_splits(PROFILE)


def built_anew():
    """Preprocessing and a frozen backbone."""
    backbone = densenet.build_backbone(PROFILE)
    backbone.trainable = False
    return densenet.build_preprocessing(PROFILE), backbone


@pytest.fixture(scope="module")
def frozen():
    return densenet.join(*built_anew())


@pytest.fixture(scope="module")
def kept(frozen, splits):
    return extract_features(frozen, splits, subsets=features.SUBSETS, **QUIET)


@pytest.fixture(scope="module")
def small():
    """A network of a few weights, for what concerns only the keeping."""
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            keras.layers.Conv2D(4, 3, activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
        ]
    )


def compiled(model, rate=1e-3, **options):
    model.compile(
        keras.optimizers.Adam(rate), "categorical_crossentropy", metrics=["accuracy"], **options
    )
    return model


def trained(model, train, validation=None, epochs=2):
    return model.fit(train, validation_data=validation, epochs=epochs, verbose=0).history


def assert_same_history(one, other):
    assert one.keys() == other.keys()
    for name in one.keys() & {"loss", "val_loss"}:
        np.testing.assert_allclose(one[name], other[name], atol=1e-4, err_msg=name)


# ---- what is computed, and training on it -------------------------------------------------------


def test_features_and_labels_stand_in_the_stored_order(kept, frozen, splits):
    images, labels = next(splits.raw_train.batch(64).as_numpy_iterator())
    array, one_hot = kept.arrays["train"]
    assert array.shape == (320, 1, 1, 164)
    np.testing.assert_allclose(array[:64], frozen(images / np.float32(255)), atol=1e-5)
    np.testing.assert_array_equal(one_hot[:64].argmax(axis=1), labels)
    for name in ("validation", "test"):
        images, one_hot = next(iter(getattr(splits, name)))
        some, labels = next(iter(getattr(kept, name)))
        np.testing.assert_allclose(some, frozen(images), atol=1e-5)
        np.testing.assert_array_equal(labels, one_hot)


def test_training_on_features_is_training_through_the_frozen_network(kept):
    preprocessing, backbone = built_anew()
    heads = [densenet.build_head_alone(kept.shape, dropout=0.3, seed=4) for _ in range(3)]
    for head in heads[1:]:
        head.set_weights(heads[0].get_weights())
    splits = data.load_splits(PROFILE)  # its first epochs, as those of the features
    whole = compiled(densenet.join(preprocessing, backbone, heads[0]))
    expected = trained(whole, splits.train, splits.validation)
    fresh = features._to_dataset(*map(tf.constant, kept.arrays["train"]), 32, seed=0)
    history = trained(compiled(heads[1], steps_per_execution=4), fresh, kept.validation)
    assert_same_history(history, expected)
    # Another order of images is seen by the comparison.
    other = features._to_dataset(*kept.arrays["train"], 32, seed=1)
    history = trained(compiled(heads[2]), other, kept.validation)
    assert abs(history["loss"][0] - expected["loss"][0]) > 1e-3


def test_compiling_for_speed_changes_no_result(kept):
    plain, fast = (densenet.build_head_alone(kept.shape) for _ in range(2))
    fast.set_weights(plain.get_weights())
    histories = [
        trained(head, features._to_dataset(*kept.arrays["train"], 32, seed=0))
        for head in (compiled(plain), compiled(fast, **features.FAST))
    ]
    assert_same_history(*histories)


def test_the_joined_model_predicts_what_the_head_predicts_and_is_loaded_without_our_code(
    kept, splits, tmp_path
):
    preprocessing, backbone = built_anew()
    head = compiled(densenet.build_head_alone(kept.shape))
    trained(head, kept.train, epochs=1)
    model = densenet.join(preprocessing, backbone, head)
    some, _ = next(iter(kept.validation))
    images, _ = next(iter(splits.validation))
    np.testing.assert_allclose(model(images), head(some), atol=1e-5)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", custom_objects={}, safe_mode=True)
    np.testing.assert_allclose(again(images), head(some), atol=1e-5)


@pytest.mark.slow
def test_fine_tuning_a_block_on_stored_activations_is_fine_tuning_it_in_the_whole_network():
    runs = []
    for stored in (False, True):
        preprocessing, backbone = built_anew()
        before = {weight.path: weight.numpy() for weight in backbone.weights}
        keras.utils.set_random_seed(3)
        head = densenet.build_head_alone(backbone.output_shape[1:])
        model = densenet.join(preprocessing, backbone, head)
        densenet.unfreeze_backbone(backbone, from_block="conv5")
        splits = data.load_splits(PROFILE)
        if stored:
            lower, upper = densenet.split_backbone(backbone, "conv5")
            below = extract_features(densenet.join(preprocessing, lower), splits, **QUIET)
            top = compiled(densenet.join(upper, head), rate=1e-4)
            history = trained(top, below.train)
        else:
            history = trained(compiled(model, rate=1e-4), splits.train)
        after = {weight.path: weight.numpy() for weight in backbone.weights}
        moved = {path for path in after if not np.array_equal(after[path], before[path])}
        images, _ = next(iter(splits.validation))
        runs.append((history, moved, after, model(images).numpy()))
    (expected, moved, weights, predictions), (history, moved_too, weights_too, same) = runs
    assert_same_history(history, expected)
    assert moved == moved_too  # in place, and only where it should
    assert {path.split("_")[0] for path in moved} == {"conv5"}
    assert not any("moving" in path or "bn" in path for path in moved)
    for path in moved:
        np.testing.assert_allclose(weights_too[path], weights[path], atol=1e-4, err_msg=path)
    np.testing.assert_allclose(same, predictions, atol=1e-3)


def test_never_more_images_at_once_than_asked_for(splits, monkeypatch):
    large = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            keras.layers.Resizing(224, 224),
            keras.layers.GlobalAveragePooling2D(),
        ]
    )
    seen = []
    forward = features._forward

    def watching(part):
        graph = forward(part)
        return lambda images: seen.append(len(images)) or graph(images)

    monkeypatch.setattr(features, "_forward", watching)
    extract_features(large, splits, images_at_once=48, **QUIET)
    assert seen == [48] * 6 + [32] + [40]


def test_the_test_images_are_read_only_when_asked_for(small, splits):
    kept = extract_features(small, splits, **QUIET)
    with pytest.raises(ValueError, match=r"subsets=\('train', 'validation', 'test'\)"):
        kept.test  # noqa: B018
    assert "320 train, 40 validation images" in str(kept)


def test_progress_is_shown_and_can_be_switched_off(small, splits, capsys):
    extract_features(small, splits, subsets=("validation",))
    assert "40 validation images, once" in (shown := capsys.readouterr().out)
    assert "40/40" in shown
    extract_features(small, splits, subsets=("validation",), progress=False)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("options", "message"),
    [({"subsets": ("tests",)}, "Unknown subsets"), ({"dtype": "int8"}, "float32, float16")],
)
def test_wrong_arguments_are_named(small, splits, options, message):
    with pytest.raises(ValueError, match=message):
        extract_features(small, splits, **options, **QUIET)


def test_features_too_large_for_memory_name_the_ways_out(small, splits, monkeypatch):
    monkeypatch.setattr(features, "MEMORY_LIMIT", 1000)
    with pytest.raises(FeaturesError, match=r"(?s)Pool them.*folder="):
        extract_features(small, splits, **QUIET)


def test_half_precision_takes_half_and_refuses_what_does_not_fit(small, splits):
    half = extract_features(small, splits, subsets=("validation",), dtype="float16", **QUIET)
    whole = extract_features(small, splits, subsets=("validation",), **QUIET)
    (one, _), (other, _) = half.arrays["validation"], whole.arrays["validation"]
    assert one.nbytes * 2 == other.nbytes
    np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)
    assert next(iter(half.validation))[0].dtype == "float32"
    loud = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Rescaling(1e6)])
    with pytest.raises(FeaturesError, match="float32"):
        extract_features(loud, splits, subsets=("validation",), dtype="float16", **QUIET)


# ---- what they are found again by ---------------------------------------------------------------


def test_a_network_is_recognized_by_architecture_and_weights_not_by_names(frozen):
    known = features.fingerprint_model(frozen)
    preprocessing, backbone = built_anew()
    densenet.unfreeze_backbone(backbone)
    assert features.fingerprint_model(densenet.join(preprocessing, backbone)) == known
    lower, _ = densenet.split_backbone(backbone, "conv5")
    lower_too, _ = densenet.split_backbone(built_anew()[1], "conv5")
    assert features.fingerprint_model(lower) == features.fingerprint_model(lower_too)
    others = [
        densenet.join(preprocessing, lower),
        densenet.join(preprocessing, densenet.split_backbone(backbone, "conv4")[0]),
        densenet.join(preprocessing, backbone, keras.layers.GlobalAveragePooling2D()),
        densenet.join(keras.layers.Rescaling(2.0), backbone),
        densenet.join(keras.layers.Rescaling(1.0), backbone),
    ]
    prints = {features.fingerprint_model(model) for model in others}
    kernel = backbone.get_layer("conv5_block1_1_conv").kernel
    kernel.assign(kernel + 1e-3)
    prints.add(features.fingerprint_model(densenet.join(preprocessing, backbone)))
    assert len(prints | {known}) == 7


def test_other_data_another_number_and_another_dtype_have_a_place_of_their_own(
    small, splits, tmp_path
):
    once = {"subsets": ("validation",), "folder": tmp_path, **QUIET}
    extract_features(small, splits, **once)
    extract_features(small, splits, **once)
    assert len(list(tmp_path.iterdir())) == 1
    extract_features(small, splits, **once, dtype="float16")
    extract_features(small, data.load_splits(replace(PROFILE, validation_images=39)), **once)
    renamed = replace(splits, info=type("Info", (), {"full_name": "rendered_things/2.0.0"}))
    extract_features(small, renamed, **once)
    assert len(list(tmp_path.iterdir())) == 4


# ---- kept on disk -------------------------------------------------------------------------------


@pytest.fixture
def computations(monkeypatch):
    """The subsets that are computed, not read, one after the other."""
    computed = []
    compute = features._feature_batches

    def watching(job):
        computed.append(job.subset)
        return compute(job)

    monkeypatch.setattr(features, "_feature_batches", watching)
    return computed


def test_what_was_kept_is_read_and_not_computed_again(small, splits, tmp_path, computations):
    first = extract_features(small, splits, folder=tmp_path / "new", **QUIET)
    assert computations == ["train", "validation"]
    again = extract_features(small, splits, folder=tmp_path / "new", **QUIET)
    assert computations == ["train", "validation"]
    in_memory = extract_features(small, splits, **QUIET)
    for subset in ("train", "validation"):
        assert isinstance(again.arrays[subset][0], np.memmap)
        for one, other, third in zip(
            again.arrays[subset], first.arrays[subset], in_memory.arrays[subset], strict=True
        ):
            np.testing.assert_array_equal(one, other)
            np.testing.assert_array_equal(one, third)
    for _ in range(2):  # epochs
        for one, other in zip(again.train, in_memory.train, strict=True):
            np.testing.assert_array_equal(one[0], other[0])
            np.testing.assert_array_equal(one[1], other[1])


def cut(file):
    file.write_bytes(file.read_bytes()[:-40])


def change_a_byte(file):
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(bytes(content))


def claim_another_network(file):
    file.write_text(file.read_text().replace('"model": "', '"model": "0'))


def not_json(file):
    file.write_text("[]")


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        (features.FEATURES, cut),
        (features.FEATURES, change_a_byte),
        (features.LABELS, change_a_byte),
        (features.LABELS, lambda file: file.unlink()),
        (features.ABOUT, lambda file: file.unlink()),
        (features.ABOUT, claim_another_network),
        (features.ABOUT, not_json),
    ],
)
def test_damaged_features_are_computed_again(small, splits, tmp_path, computations, name, damage):
    once = {"subsets": ("validation",), "folder": tmp_path, **QUIET}
    expected = np.array(extract_features(small, splits, **once).arrays["validation"][0])
    (place,) = tmp_path.iterdir()
    damage(place / name)
    found = extract_features(small, splits, **once).arrays["validation"][0]
    np.testing.assert_array_equal(found, expected)
    assert computations == ["validation"] * 2
    assert list(tmp_path.iterdir()) == [place]


def test_what_was_broken_off_leaves_nothing_behind(small, splits, tmp_path, monkeypatch):
    compute = features._feature_batches

    def interrupted(job):
        yield next(compute(job))
        raise KeyboardInterrupt

    monkeypatch.setattr(features, "_feature_batches", interrupted)
    with pytest.raises(KeyboardInterrupt):
        extract_features(small, splits, folder=tmp_path, **QUIET)
    assert list(tmp_path.iterdir()) == []


def test_another_process_may_be_faster(small, splits, tmp_path, monkeypatch):
    once = {"subsets": ("validation",), "folder": tmp_path, **QUIET}
    write = features._write_arrays

    def overtaken(folder, job):
        monkeypatch.setattr(features, "_write_arrays", write)
        extract_features(small, splits, **once)
        write(folder, job)

    monkeypatch.setattr(features, "_write_arrays", overtaken)
    assert extract_features(small, splits, **once).arrays["validation"][0].shape == (40, 4)
    assert len(list(tmp_path.iterdir())) == 1


def test_a_full_disk_is_named_before_and_while_writing(small, splits, tmp_path, monkeypatch):
    once = {"subsets": ("train",), "folder": tmp_path, **QUIET}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(FeaturesError, match=r"(?s)cannot be kept.*too large.*folder=None"):
            extract_features(small, splits, **once)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(
        features.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 1000})
    )
    with pytest.raises(FeaturesError, match=r"0\.0 MB are free"):
        extract_features(small, splits, **once)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(small, splits, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FeaturesError, match="Not a directory"):
        extract_features(small, splits, folder=tmp_path / "file" / "features", **QUIET)
