"""The embedded pair: the same pixels everywhere, never half-made, and a network that fits."""

import json
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from helpers.embedded import dataset, densenet, render

ROOT = Path(__file__).parents[2]
# SHA-256 of the first 400 training images and labels of each task.
FIRST = {
    "target": "41146a04571f303878748c9556fb6dade6cc04d2e56d439c5265ef325f32d9f6",
    "source": "15faab414b564fa6250eedfeea175a5292003442f05c536ab87ebb67eaed323b",
}
PRINT_HASH = """
from helpers.embedded import dataset, render
print(dataset.fingerprint(*render.render(render.{task}, 0, 400)))
"""


def python(code: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=240,
    )


@pytest.fixture
def few_images(monkeypatch):
    """Make the data set small, for tests of how it is written."""
    monkeypatch.setattr(dataset, "IMAGES", {"train": 30, "test": 20})


@pytest.fixture(scope="session")
def whole_data_set(tmp_path_factory) -> Path:
    return dataset.prepare(tmp_path_factory.mktemp("embedded"), progress=False)


# ---- the pictures -------------------------------------------------------------------------------


@pytest.mark.parametrize("task", ["target", "source"])
def test_pictures_have_the_recorded_hash(task):
    images, labels = render.render(getattr(render, task.upper()), 0, 400)
    assert dataset.fingerprint(images, labels) == FIRST[task]


def test_pictures_do_not_depend_on_the_processor_s_instructions():
    seen = python(
        PRINT_HASH.format(task="TARGET"), NPY_DISABLE_CPU_FEATURES="AVX2 FMA3 AVX512F AVX512_SKX"
    )
    assert seen.stdout.strip() == FIRST["target"], seen.stderr


def test_a_split_is_a_prefix_of_a_longer_one():
    few, some = (render.render(render.TARGET, 0, count)[0] for count in (150, 300))
    np.testing.assert_array_equal(few, some[:150])


def test_splits_share_no_picture():
    train, test = (render.render(render.TARGET, split, 1000)[0] for split in (0, 1))
    known = {image.tobytes() for image in train}
    assert len(known) == 1000
    assert not known & {image.tobytes() for image in test}


@pytest.mark.parametrize("task", [render.TARGET, render.SOURCE], ids=["target", "source"])
def test_classes_are_balanced_in_every_chunk(task):
    images, labels = render.render_chunk(task, 0, 3)
    assert images.shape == (render.CHUNK, 32, 32, 3)
    assert images.dtype == np.uint8
    each = render.CHUNK // len(task.classes)
    np.testing.assert_array_equal(np.bincount(labels), [each] * len(task.classes))


def test_the_tasks_share_no_class_and_no_class_of_cifar10():
    cifar10 = [
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ]
    names = [*render.TARGET.class_names, *render.SOURCE.class_names, *cifar10]
    assert len(set(names)) == 10 + 20 + 10


def test_the_normalization_has_the_source_task_s_statistics():
    pixels = render.render(render.SOURCE, 0, 2000)[0].reshape(-1, 3) / 255.0
    np.testing.assert_allclose(pixels.mean(axis=0), densenet.MEAN, atol=0.01)
    np.testing.assert_allclose(pixels.var(axis=0), densenet.VARIANCE, atol=0.003)


# ---- the data set on disk -----------------------------------------------------------------------


@pytest.mark.slow
def test_tfds_serves_exactly_the_rendered_pictures(whole_data_set):
    import tensorflow_datasets as tfds

    for number, (split, count) in enumerate(dataset.IMAGES.items()):
        read = tfds.as_numpy(
            tfds.load(dataset.NAME, split=split, data_dir=whole_data_set, batch_size=-1)
        )
        order = np.argsort(read["id"])
        images, labels = read["image"][order], read["label"][order]
        np.testing.assert_array_equal(images, render.render(render.TARGET, number, count)[0])
        assert dataset.fingerprint(images, labels) == dataset.FINGERPRINTS[split]


@pytest.mark.slow
def test_a_whole_data_set_is_served_like_cifar10(whole_data_set):
    import tensorflow_datasets as tfds

    _, info = tfds.load(dataset.NAME, data_dir=whole_data_set, with_info=True, download=False)
    cifar10 = tfds.builder("cifar10", data_dir=whole_data_set).info
    assert set(info.features) == set(cifar10.features)
    for name, feature in cifar10.features.items():
        assert (info.features[name].shape, info.features[name].dtype) == (
            feature.shape,
            feature.dtype,
        )
    assert info.supervised_keys == cifar10.supervised_keys
    assert {name: split.num_examples for name, split in info.splits.items()} == dataset.IMAGES
    assert tuple(info.features["label"].names) == render.TARGET.class_names
    assert "not CIFAR-10" in info.description


def test_the_source_task_is_served_too(few_images, tmp_path):
    import tensorflow_datasets as tfds

    folder = dataset.prepare(tmp_path, dataset.SOURCE_NAME, progress=False)
    images = tfds.load(dataset.SOURCE_NAME, split="train", data_dir=folder, batch_size=-1)["image"]
    assert images.shape == (30, 32, 32, 3)


def test_a_data_set_that_is_there_is_not_written_again(few_images, tmp_path):
    dataset.prepare(tmp_path, progress=False)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    dataset.prepare(tmp_path, progress=False)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_a_progress_bar_and_nothing_of_a_download_is_printed(few_images, tmp_path, capfd):
    dataset.prepare(tmp_path)
    shown = capfd.readouterr()
    assert "Rendering rendered_things" in shown.out
    assert "ownload" not in shown.out + shown.err


@pytest.mark.parametrize("damage", ["truncated", "one byte", "missing file", "no checksums"])
def test_a_damaged_data_set_mends_itself(few_images, tmp_path, damage):
    import tensorflow_datasets as tfds

    dataset.prepare(tmp_path, progress=False)
    folder = dataset.dataset_folder(tmp_path)
    records = next(folder.glob("*train*"))
    content = records.read_bytes()
    if damage == "truncated":
        records.write_bytes(content[:1000])
    elif damage == "one byte":
        records.write_bytes(content[:1000] + bytes([content[1000] ^ 1]) + content[1001:])
    elif damage == "missing file":
        (folder / "features.json").unlink()
    else:
        (folder / dataset.CHECKSUMS).unlink()
    assert not dataset.is_prepared(tmp_path)
    dataset.prepare(tmp_path, progress=False)
    assert dataset.is_prepared(tmp_path)
    images = tfds.load(dataset.NAME, split="train", data_dir=tmp_path, batch_size=-1)["image"]
    assert len(images) == 30
    assert not list(tmp_path.glob(".preparing-*"))


def test_an_old_version_on_disk_is_neither_loaded_nor_touched(few_images, tmp_path, monkeypatch):
    import tensorflow_datasets as tfds

    dataset.prepare(tmp_path, progress=False)
    old = tmp_path / dataset.NAME / "0.9.0"
    dataset.dataset_folder(tmp_path).rename(old)
    text = (old / "dataset_info.json").read_text()
    (old / "dataset_info.json").write_text(text.replace(dataset.VERSION, "0.9.0"))
    assert not dataset.is_prepared(tmp_path)
    dataset.prepare(tmp_path, progress=False)
    _, info = tfds.load(dataset.NAME, data_dir=tmp_path, with_info=True)
    assert str(info.version) == dataset.VERSION
    assert old.is_dir()


def test_what_a_killed_process_left_behind_is_removed(few_images, tmp_path):
    stale, fresh = tmp_path / ".preparing-stale", tmp_path / ".preparing-fresh"
    for folder in (stale, fresh):
        (folder / dataset.NAME).mkdir(parents=True)
    yesterday = time.time() - 86_400
    os.utime(stale, (yesterday, yesterday))
    dataset.prepare(tmp_path, progress=False)
    assert not stale.exists()
    assert fresh.exists()


def test_two_processes_may_prepare_at_once(tmp_path):
    code = """
    import sys
    from helpers.embedded import dataset
    dataset.IMAGES = {"train": 400, "test": 20}
    dataset.prepare(sys.argv[1], progress=False)
    assert dataset.is_prepared(sys.argv[1])
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(tmp_path)]
    both = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) for _ in range(2)]
    for process in both:
        _, errors = process.communicate(timeout=240)
        assert process.returncode == 0, errors.decode()
    assert [path.name for path in tmp_path.iterdir()] == [dataset.NAME]


def test_a_slower_process_keeps_the_faster_one_s_files(few_images, tmp_path, monkeypatch):
    from helpers.embedded import builder

    build = builder.build

    def build_while_another_one_finishes(name, folder, *, progress):
        made = build(name, folder, progress=progress)
        monkeypatch.setattr(builder, "build", build)
        dataset.prepare(tmp_path, progress=False)
        return made

    monkeypatch.setattr(builder, "build", build_while_another_one_finishes)
    dataset.prepare(tmp_path, progress=False)
    assert dataset.is_prepared(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [dataset.NAME]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on a file's size")
def test_a_disk_that_fills_up_gets_a_clear_error_and_leaves_nothing(tmp_path):
    seen = python(
        """
        import resource, sys
        from helpers.embedded import builder, dataset
        dataset.IMAGES = {"train": 400, "test": 20}
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        try:
            dataset.prepare(sys.argv[1], progress=False)
        except dataset.DatasetNotPrepared as error:
            print(error)
        """,
        str(tmp_path),
    )
    assert "could not be written" in seen.stdout, seen.stderr
    assert "Make room" in seen.stdout
    assert not list(tmp_path.iterdir())


def test_too_little_room_is_said_before_anything_is_drawn(few_images, tmp_path, monkeypatch):
    monkeypatch.setattr(dataset, "NEEDED_BYTES", 10**18)
    with pytest.raises(dataset.DatasetNotPrepared, match=r"MB are free.*Make room"):
        dataset.prepare(tmp_path, progress=False)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="needs a folder nobody may write to")
def test_a_read_only_folder_gets_a_clear_error():
    with pytest.raises(dataset.DatasetNotPrepared, match="data_dir="):
        dataset.prepare("/sys/kernel/course", progress=False)


def test_a_data_set_on_a_read_only_disk_is_used(few_images, tmp_path):
    dataset.prepare(tmp_path, progress=False)
    for path in [*tmp_path.rglob("*"), tmp_path]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    assert dataset.prepare(tmp_path, progress=False) == tmp_path
    for path in [tmp_path, *tmp_path.rglob("*")]:
        path.chmod(0o755)


def test_the_default_place_is_the_user_s_cache():
    import platformdirs

    assert dataset.default_data_dir().is_relative_to(platformdirs.user_cache_path())


def test_asking_what_is_there_needs_no_tensorflow(tmp_path):
    seen = python(
        """
        import sys
        from helpers.embedded import dataset
        print(dataset.is_prepared(sys.argv[1]), "tensorflow" in sys.modules)
        """,
        str(tmp_path),
    )
    assert seen.stdout.split() == ["False", "False"], seen.stderr


# ---- the network --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def network():
    return densenet.build_compact_densenet(weights=None)


def test_the_network_is_densenet_bc(network):
    """Channels, names and parameters as in section 3 of the paper, counted by hand."""
    channels, parameters = densenet.STEM_FILTERS, 5 * 5 * 3 * densenet.STEM_FILTERS
    parameters += 4 * densenet.STEM_FILTERS
    growth = densenet.GROWTH_RATE
    for stage, depth in enumerate(densenet.BLOCKS, start=2):
        for block in range(1, depth + 1):
            name = f"conv{stage}_block{block}"
            assert network.get_layer(f"{name}_1_conv").output.shape[-1] == 4 * growth
            assert network.get_layer(f"{name}_2_conv").output.shape[-1] == growth
            parameters += 4 * channels + channels * 4 * growth + 4 * 4 * growth
            parameters += 9 * 4 * growth * growth
            channels += growth
            assert network.get_layer(f"{name}_concat").output.shape[-1] == channels
        if stage < len(densenet.BLOCKS) + 1:
            parameters += 4 * channels + channels * (channels // 2)
            channels //= 2
            assert network.get_layer(f"pool{stage}_pool").output.shape[-1] == channels
    parameters += 4 * channels
    assert network.output_shape == (None, 1, 1, channels)
    assert network.count_params() == parameters


def test_its_layers_are_named_like_densenet201_s(network):
    import keras

    reference = keras.applications.DenseNet201(
        weights=None, include_top=False, input_shape=(32, 32, 3)
    )
    known = {layer.name for layer in reference.layers}
    mine = {layer.name for layer in network.layers if layer.name != "pictures"}
    assert mine <= known


def test_shipped_weights_are_small_and_load():
    assert densenet.WEIGHTS.stat().st_size <= 4_000_000
    pretrained = densenet.build_compact_densenet()
    for weight in pretrained.weights:
        assert np.isfinite(np.asarray(weight)).all()


def test_shipped_weights_know_the_source_task():
    """Features of two pictures of a class are nearer than chance: a nearest-mean classifier."""
    network = densenet.build_compact_densenet()

    def features(split):
        images, labels = render.render(render.SOURCE, split, 1000)
        pictures = (images / 255.0 - densenet.MEAN) / np.sqrt(densenet.VARIANCE)
        maps = network.predict(pictures.astype("float32"), batch_size=250, verbose=0)
        return maps.mean(axis=(1, 2)), labels

    known, known_labels = features(2)
    new, new_labels = features(3)
    means = np.stack([known[known_labels == label].mean(axis=0) for label in range(20)])
    distances = ((new[:, None] - means[None]) ** 2).sum(axis=2)
    assert (distances.argmin(axis=1) == new_labels).mean() > 0.6


def test_the_model_card_belongs_to_the_weights(network):
    card = (densenet.WEIGHTS.parent / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert densenet.WEIGHTS.name in card
    assert f"{network.count_params():,} parameters" in card
    for word in ("--seed", "TensorFlow", "accuracy", "date"):
        assert word in card


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_wrong_weights_get_a_clear_error(tmp_path):
    import keras

    with pytest.raises(FileNotFoundError, match="There is no weights file"):
        densenet.build_compact_densenet(weights=tmp_path / "missing.weights.h5")
    other = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    other.save_weights(tmp_path / "other.weights.h5")
    with pytest.raises(ValueError, match="does not hold the weights of this network"):
        densenet.build_compact_densenet(weights=tmp_path / "other.weights.h5")
    (tmp_path / "page.weights.h5").write_text("<html>403 Forbidden</html>")
    with pytest.raises(ValueError, match="does not hold the weights of this network"):
        densenet.build_compact_densenet(weights=tmp_path / "page.weights.h5")


def test_pictures_that_are_too_small_get_a_clear_error():
    with pytest.raises(ValueError, match="at least 32x32"):
        densenet.build_compact_densenet((16, 16, 3), weights=None)


# ---- the pretraining script ---------------------------------------------------------------------


@pytest.mark.slow
def test_pretraining_goes_on_where_it_was_broken_off(tmp_path, monkeypatch):
    import argparse

    from helpers.embedded import pretrain

    monkeypatch.setattr(pretrain, "VALIDATION_IMAGES", 20)
    monkeypatch.setattr(densenet, "BLOCKS", (1, 1, 1, 1))
    options = argparse.Namespace(epochs=2, images=200, rate=1e-3, seed=0, folder=tmp_path)
    fit_calls = []
    new_images = pretrain._new_images

    def break_off(epoch, count):
        fit_calls.append(epoch)
        if epoch == 1 and fit_calls.count(1) == 1:
            raise KeyboardInterrupt
        return new_images(epoch, count)

    monkeypatch.setattr(pretrain, "_new_images", break_off)
    with pytest.raises(KeyboardInterrupt):
        pretrain.train(options)
    state = json.loads((tmp_path / "checkpoint.json").read_text())
    assert len(state["history"]) == 1
    history, backbone = pretrain.train(options)
    assert fit_calls == [0, 1, 1]
    assert len(history) == 2
    assert backbone.name == "compact_densenet"
    card = pretrain.model_card(options, history, backbone.count_params())
    assert "--epochs 2 --images 200" in card
    options.seed = 1
    with pytest.raises(SystemExit, match="belongs to a run with"):
        pretrain.train(options)
