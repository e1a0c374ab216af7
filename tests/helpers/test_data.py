"""CIFAR-10 through the real TFDS builder, on a small archive; and the embedded data set."""

import dataclasses
import os
import re
import shutil
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from helpers import cifar10, data
from helpers.profiles import Profile

from .cifar10_archive import CLASS_NAMES, write_archive
from .local_server import serve

SMALL = Profile("small", "cifar10", "CompactDenseNet", 40, 20, 10, 1, 1, 1)
DRAWN = Profile("drawn", "rendered_things", "CompactDenseNet", 100, 50, 50, 1, 1, 1)


def stored(dataset) -> dict[bytes, int]:
    """Turn batches back into what the archive holds, in the order in which they come."""
    return {
        np.round(image * 255).astype(np.uint8).tobytes(): int(label.argmax())
        for images, labels in dataset.as_numpy_iterator()
        for image, label in zip(images, labels, strict=True)
    }


def order(dataset) -> list[bytes]:
    return list(stored(dataset))


def expect_checksum_of(archive: Path, url: str, patch: pytest.MonkeyPatch) -> None:
    """Register the small archive's checksum for `url`: all that TFDS is told about it."""
    from tensorflow_datasets.core.download import checksums
    from tensorflow_datasets.image_classification.cifar import Cifar10

    info = checksums.compute_url_info(archive)
    info = dataclasses.replace(info, filename=cifar10.ARCHIVE)
    patch.setitem(checksums.get_all_url_infos(), url, info)
    patch.setitem(Cifar10.url_infos, url, info)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Return a data directory with a prepared small CIFAR-10, and the images that are in it."""
    data_dir = tmp_path_factory.mktemp("tfds")
    archive = cifar10.archive_path(data_dir)
    written = write_archive(archive)
    with pytest.MonkeyPatch.context() as patch:
        expect_checksum_of(archive, cifar10.ARCHIVE_URL, patch)
        # No download is allowed and none is needed: the archive lies where a user would save it.
        cifar10.ensure_prepared(data_dir, download=False)
    return data_dir, written


# --- the splits ----------------------------------------------------------------------------------


def test_the_builder_gives_back_every_pixel_and_label_of_the_archive(small):
    data_dir, written = small
    splits = data.load_splits(SMALL, data_dir=data_dir)
    train, validation = stored(splits.train), stored(splits.validation)
    assert len(train) == 40
    assert len(validation) == 20
    assert train | validation == written["train"]  # 40 + 20 = 60: so they share no image
    assert stored(splits.test) == written["test"]
    assert splits.class_names == CLASS_NAMES
    assert splits.dataset == "CIFAR-10"
    assert splits.info.name == "cifar10"
    assert splits.sizes == {"train": 40, "validation": 20, "test": 10}


@pytest.mark.parametrize("profile", [SMALL, DRAWN], ids=lambda profile: profile.dataset)
def test_shapes_types_and_ranges(profile, small):
    splits = data.load_splits(profile, data_dir=small[0], batch_size=16)
    for name in ("train", "validation", "test"):
        batches = list(getattr(splits, name).as_numpy_iterator())
        assert len(batches) == len(getattr(splits, name)), "Keras must know the number of steps"
        images, labels = batches[0]
        assert images.shape[1:] == (32, 32, 3)
        assert labels.shape[1:] == (10,)
        assert images.dtype == labels.dtype == np.float32
        assert len(images) == min(16, splits.sizes[name])
        assert sum(len(images) for images, _ in batches) == splits.sizes[name]
        assert images.min() >= 0
        assert 0.5 < images.max() <= 1
        assert set(np.unique(labels)) == {0, 1}
        assert (labels.sum(axis=1) == 1).all()


def test_validation_is_the_same_whatever_the_number_of_training_images(small):
    fewer = dataclasses.replace(SMALL, train_images=10)
    assert order(data.load_splits(SMALL, data_dir=small[0]).validation) == order(
        data.load_splits(fewer, data_dir=small[0]).validation
    )


def test_train_is_shuffled_anew_in_each_epoch_and_the_rest_is_not(small):
    splits = data.load_splits(SMALL, data_dir=small[0])
    first, second = order(splits.train), order(splits.train)
    assert first != second
    assert sorted(first) == sorted(second)
    assert order(splits.validation) == order(splits.validation)
    assert order(splits.test) == order(splits.test)


def test_the_whole_train_split_is_shuffled():
    """An image from the end may come first: the buffer is not smaller than the split."""
    positions = []
    for seed in range(3):
        splits = data.load_splits(DRAWN, seed=seed)
        unshuffled = [image.tobytes() for image, _ in splits.raw_train.as_numpy_iterator()]
        positions += [unshuffled.index(image) for image in order(splits.train)[:10]]
    assert max(positions) > 80


def test_one_seed_gives_one_order_and_another_seed_another(small):
    one, same, other = (
        data.load_splits(SMALL, data_dir=small[0], seed=seed).train for seed in (3, 3, 4)
    )
    for _epoch in range(2):
        expected = order(one)
        assert expected == order(same)
        assert expected != order(other)


def augmented(small, seed: int = 0):
    """Load splits that a Keras model of random layers augments."""
    import keras

    layers = [keras.layers.RandomFlip(seed=1), keras.layers.RandomTranslation(0.2, 0.2, seed=2)]
    return data.load_splits(
        SMALL, data_dir=small[0], augment=keras.Sequential(layers), seed=seed, batch_size=8
    )


def pixels(dataset) -> np.ndarray:
    return np.concatenate([images for images, _ in dataset.as_numpy_iterator()])


def test_augmentation_is_drawn_anew_in_each_epoch(small):
    """If it came before the cache, both epochs would hold the same images."""
    splits = augmented(small)
    first = {image.tobytes() for image in pixels(splits.train)}
    second = {image.tobytes() for image in pixels(splits.train)}
    plain = {image.tobytes() for image in pixels(data.load_splits(SMALL, data_dir=small[0]).train)}
    assert len(first & second) < 4
    assert len(first & plain) < 4


def test_augmentation_is_the_same_for_the_same_seeds(small):
    one, same = augmented(small), augmented(small)
    for _epoch in range(2):
        np.testing.assert_array_equal(pixels(one.train), pixels(same.train))


def test_only_training_images_are_augmented(small):
    _, written = small
    splits = augmented(small)
    assert set(stored(splits.validation)) <= set(written["train"])
    assert stored(splits.test) == written["test"]


def test_the_argument_goes_before_the_environment_and_that_before_the_default(
    small, tmp_path, monkeypatch
):
    monkeypatch.setenv("TFDS_DATA_DIR", str(small[0]))
    assert data.load_splits(SMALL).sizes["train"] == 40
    with pytest.raises(data.DataNotFoundError, match=re.escape(str(tmp_path))):
        data.load_splits(SMALL, data_dir=tmp_path)
    monkeypatch.delenv("TFDS_DATA_DIR")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cifar10.data_directory() == tmp_path / "tensorflow_datasets"


def test_a_profile_can_be_named_or_left_out(monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert data.load_splits().profile == "grade"
    monkeypatch.delenv("NBGRADER_EXECUTION")
    assert data.load_splits("grade").dataset.startswith("rendered_things")
    with pytest.raises(ValueError, match="'huge'"):
        data.load_splits("huge")


# --- what goes wrong -----------------------------------------------------------------------------


def assert_tells_how_to_get_it(error: Exception, data_dir: Path) -> None:
    message = str(error)
    for needed in (
        "cifar-10-binary.tar.gz",
        "170 MB",
        "https://www.cs.toronto.edu/~kriz/cifar.html",
        str(data_dir / "downloads" / "manual" / "cifar-10-binary.tar.gz"),
        str(data_dir / "cifar10" / "3.0.2"),
        "COURSE_PROFILE=quick",
        "COURSE_PROFILE=grade",
    ):
        assert needed in message, f"{needed!r} is not in the message:\n{message}"


def test_what_the_message_says_is_what_tfds_does():
    import tensorflow_datasets as tfds
    from tensorflow_datasets.image_classification.cifar import Cifar10

    assert str(tfds.builder_cls("cifar10").VERSION) == cifar10.VERSION
    assert Cifar10.url_infos[cifar10.ARCHIVE_URL].filename == cifar10.ARCHIVE
    assert 165e6 < Cifar10.url_infos[cifar10.ARCHIVE_URL].size < 175e6


def test_no_data_and_no_download_allowed(tmp_path):
    assert not data.is_prepared("cifar10", tmp_path)
    with pytest.raises(data.DataNotFoundError) as caught:
        data.load_splits(SMALL, data_dir=tmp_path)
    assert "downloads nothing by itself" in str(caught.value)
    assert_tells_how_to_get_it(caught.value, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_broken_archive_saved_by_hand_is_named_and_kept(tmp_path):
    archive = cifar10.archive_path(tmp_path)
    write_archive(archive)
    archive.write_bytes(archive.read_bytes()[:1000])
    with pytest.raises(data.DataNotFoundError, match="not the archive, but cut off") as caught:
        data.load_splits(SMALL, data_dir=tmp_path)
    assert_tells_how_to_get_it(caught.value, tmp_path)
    assert archive.stat().st_size == 1000
    assert not cifar10.prepared_folder(tmp_path).exists()


def cut_off(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


@pytest.mark.parametrize(
    ("file", "damage", "complaint"),
    [
        ("cifar10-train.tfrecord-00000-of-00001", Path.unlink, "is missing"),
        ("cifar10-test.tfrecord-00000-of-00001", Path.unlink, "is missing"),
        ("cifar10-train.tfrecord-00000-of-00001", cut_off, "bytes instead of"),
        ("dataset_info.json", Path.unlink, "is missing"),
        ("dataset_info.json", cut_off, "is damaged"),
        ("dataset_info.json", lambda file: file.write_text("[]"), "is damaged"),
        ("features.json", Path.unlink, "is missing"),
        ("label.labels.txt", Path.unlink, "is missing"),
    ],
)
def test_a_half_written_folder_is_never_taken_for_whole(small, tmp_path, file, damage, complaint):
    folder = cifar10.prepared_folder(tmp_path)
    shutil.copytree(cifar10.prepared_folder(small[0]), folder)
    assert data.is_prepared("cifar10", tmp_path)
    damage(folder / file)
    left = sorted((path.name, path.stat().st_size) for path in folder.iterdir())
    assert not data.is_prepared("cifar10", tmp_path)
    allowed = dataclasses.replace(SMALL, download=True)
    with pytest.raises(data.DataNotFoundError, match="not whole") as caught:
        data.load_splits(allowed, data_dir=tmp_path)
    assert file in str(caught.value)
    assert complaint in str(caught.value)
    assert str(folder) in str(caught.value)
    assert_tells_how_to_get_it(caught.value, tmp_path)
    assert sorted((path.name, path.stat().st_size) for path in folder.iterdir()) == left


def test_a_profile_that_asks_for_too_much(small):
    for profile in (
        dataclasses.replace(SMALL, train_images=41),
        dataclasses.replace(SMALL, test_images=11),
    ):
        with pytest.raises(ValueError, match="Ask for fewer images"):
            data.load_splits(profile, data_dir=small[0])
    with pytest.raises(ValueError, match="Ask for fewer images"):
        data.load_splits(dataclasses.replace(DRAWN, train_images=10_000))


def test_an_unknown_data_set():
    with pytest.raises(ValueError, match="'mnist'"):
        data.load_splits(dataclasses.replace(SMALL, dataset="mnist"))


# --- downloading, from a server of our own -------------------------------------------------------


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Serve a small archive; only the address and the checksum that TFDS expects are replaced."""
    from tensorflow_datasets.core.download import downloader
    from tensorflow_datasets.image_classification.cifar import Cifar10

    archive = tmp_path / "served" / cifar10.ARCHIVE
    written = write_archive(archive)
    original = Cifar10._cifar_info.fget
    with serve(archive.read_bytes()) as server:
        url = f"{server.address}/{cifar10.ARCHIVE}"
        monkeypatch.setattr(
            Cifar10, "_cifar_info", property(lambda self: original(self)._replace(url=url))
        )
        monkeypatch.setattr(cifar10, "ARCHIVE_URL", url)
        monkeypatch.setattr(downloader, "MAX_RETRIES", 1)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        expect_checksum_of(archive, url, monkeypatch)
        server.written = written
        yield server


DOWNLOADING = dataclasses.replace(SMALL, download=True)


def test_full_downloads_and_prepares(server, tmp_path):
    splits = data.load_splits(DOWNLOADING, data_dir=tmp_path / "tfds")
    assert stored(splits.train) | stored(splits.validation) == server.written["train"]
    assert data.is_prepared("cifar10", tmp_path / "tfds")


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ({"body": b"<html>Please log in</html>", "type": "text/html"}, "answered with text/html"),
        ({"body": b"gone", "status": 404}, "404"),
        ({"body": b"\x1f\x8b" + bytes(5000)}, "not the archive, but cut off"),
        ({"body": b"\x1f\x8b" + bytes(5000), "length": 90_000}, "could not be prepared"),
    ],
    ids=["page of a proxy", "not found", "other bytes", "broken off"],
)
def test_a_download_that_fails_leaves_nothing_that_counts(server, tmp_path, answer, complaint):
    data_dir, whole = tmp_path / "tfds", server.answer
    server.answer = answer
    with pytest.raises(data.DataNotFoundError, match=complaint) as caught:
        data.load_splits(DOWNLOADING, data_dir=data_dir)
    assert_tells_how_to_get_it(caught.value, data_dir)
    assert not cifar10.prepared_folder(data_dir).exists()
    server.answer = whole
    assert stored(data.load_splits(DOWNLOADING, data_dir=data_dir).test) == server.written["test"]


def test_no_network_is_told_at_once(tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(cifar10, "ARCHIVE_URL", "https://127.0.0.1:9/" + cifar10.ARCHIVE)
    started = time.monotonic()
    with pytest.raises(data.DataNotFoundError, match="ConnectionError") as caught:
        data.load_splits(DOWNLOADING, data_dir=tmp_path)
    assert time.monotonic() - started < 15
    assert_tells_how_to_get_it(caught.value, tmp_path)


# --- the embedded data set -----------------------------------------------------------------------


def test_the_embedded_data_set_comes_the_same_way_and_says_what_it_is():
    splits = data.load_splits(DRAWN)
    assert splits.class_names == tuple(splits.info.features["label"].names)
    assert "not CIFAR-10" in splits.dataset
    parts = [set(stored(part)) for part in (splits.train, splits.validation, splits.test)]
    assert len(set.union(*parts)) == sum(splits.sizes.values()), "an image is in two splits"


# --- what a reader sees --------------------------------------------------------------------------


@pytest.mark.parametrize("profile", [SMALL, DRAWN], ids=lambda profile: profile.dataset)
def test_examples_carry_the_right_names(profile, small):
    import matplotlib.pyplot as plt

    splits = data.load_splits(profile, data_dir=small[0])
    labels = {image.tobytes(): int(label) for image, label in splits.raw_train.as_numpy_iterator()}
    figure = data.show_examples(splits, rows=2, columns=6)
    assert plt.get_fignums() == []
    assert figure.get_supxlabel() == splits.caption
    assert splits.dataset in splits.caption
    drawn = [axis for axis in figure.axes if axis.images]
    assert len(drawn) == 12
    assert [axis.get_title() for axis in drawn[:10]] == list(splits.class_names)
    for axis in drawn:
        image = np.asarray(axis.images[0].get_array())
        assert axis.get_title() == splits.class_names[labels[image.tobytes()]]
        assert axis.images[0].get_interpolation() == "nearest"


def test_more_places_than_images_stay_empty():
    splits = data.load_splits(dataclasses.replace(DRAWN, train_images=3))
    figure = data.show_examples(splits, rows=1, columns=5)
    assert sum(len(axis.images) for axis in figure.axes) == 3


@pytest.mark.slow
def test_a_notebook_shows_the_figure_once():
    import nbformat
    from nbclient import NotebookClient

    source = (
        "from helpers import data\nsplits = data.load_splits('grade')\ndata.show_examples(splits)"
    )
    cells = [nbformat.v4.new_code_cell(source), nbformat.v4.new_code_cell("1 + 1")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    pictures = [
        output.data["text/html"]
        for cell in notebook.cells
        for output in cell.outputs
        if "<img" in output.get("data", {}).get("text/html", "")
    ]
    assert len(pictures) == 1
    assert 'alt="Training images with the names of their classes' in pictures[0]


def test_the_banner_is_loud_unless_it_is_cifar10(small):
    quiet = data.banner(data.load_splits(SMALL, data_dir=small[0]))
    loud = data.banner(data.load_splits(DRAWN))
    for banner, profile in ((quiet, SMALL), (loud, DRAWN)):
        for text in (repr(banner), banner._repr_html_()):
            assert f"{profile.train_images} images for training" in text
            assert f"{profile.validation_images} for validation" in text
            assert f"{profile.test_images} for the test" in text
            assert profile.name in text
            assert ("This is not CIFAR-10" in text) == (banner is loud)
    assert "border: 3px" in loud._repr_html_()
    assert "border: 3px" not in quiet._repr_html_()


def test_nothing_on_stderr_where_nothing_is_wrong(small):
    program = """
        from helpers import data
        from helpers.profiles import Profile
        for dataset in ("cifar10", "rendered_things"):
            profile = Profile("small", dataset, "CompactDenseNet", 40, 20, 10, 1, 1, 1)
            splits = data.load_splits(profile)
            for part in (splits.train, splits.validation, splits.test):
                next(iter(part))  # a cache that is read in part makes tf.data warn
                list(part)
                list(part)
            data.show_examples(splits)
            print(data.banner(splits))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        env=os.environ | {"TFDS_DATA_DIR": str(small[0])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.count("images for training") == 2


# --- the real images -----------------------------------------------------------------------------


@pytest.mark.real_data
def test_the_real_cifar10():
    if not data.is_prepared("cifar10"):
        pytest.skip("There is no prepared CIFAR-10 in TFDS_DATA_DIR.")
    splits = data.load_splits("full")
    assert splits.class_names == CLASS_NAMES
    seen: dict[str, set[bytes]] = {}
    for name, count in (("train", 45_000), ("validation", 5_000), ("test", 10_000)):
        labels = np.zeros(10)
        seen[name] = set()
        for images, one_hot in getattr(splits, name).as_numpy_iterator():
            labels += one_hot.sum(axis=0)
            seen[name].update(image.tobytes() for image in images)
        assert labels.sum() == splits.sizes[name] == count
        assert (labels > 0.085 * count).all()
        assert (
            len(seen[name]) == count
        )  # CIFAR-10 holds no two images that are equal pixel by pixel
    assert not seen["train"] & seen["validation"]
    assert not (seen["train"] | seen["validation"]) & seen["test"]
