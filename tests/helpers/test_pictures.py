"""Pictures to try a model with: files as people have them, and strangers, the same every time."""

import numpy as np
import pytest

from helpers import data, pictures, profiles
from helpers.deployment import decode_images

PROFILE = profiles.PROFILES["grade"]


@pytest.fixture(scope="module")
def splits():
    return data.load_splits(PROFILE)


@pytest.fixture(scope="module")
def files(splits, tmp_path_factory):
    return pictures.write_pictures(splits, tmp_path_factory.mktemp("new") / "pictures")


def test_arrays_hold_the_images_of_a_split_in_their_order(splits):
    images, labels = pictures.to_arrays(splits.validation)
    assert (images.shape, images.dtype) == ((120, 32, 32, 3), np.float32)
    assert (labels.shape, labels.max() < 10) == ((120,), True)
    few, some = pictures.to_arrays(splits.validation, 7)
    assert (few == images[:7]).all()
    assert (some == labels[:7]).all()


def test_plain_files_come_back_exactly_and_odd_ones_nearly(splits, files):
    images, _ = pictures.to_arrays(splits.validation, len(files))
    decoded = decode_images(files)
    plain = pictures.PLAIN
    assert (decoded[:plain] == images[:plain]).all()
    names = dict(zip((path.stem[3:] for path in files), range(len(files)), strict=True))
    assert list(names)[-5:] == ["grey", "transparent", "turned", "printed", "wide"]
    for name in ("turned", "printed", "wide"):  # two of them were compressed
        gap = np.abs(decoded[names[name]] - images[names[name]])
        assert gap.mean() < 0.06, name
    assert (decoded[names["transparent"], :, 16:] == 1.0).all()
    grey = decoded[names["grey"]]
    assert (grey == grey[..., :1]).all()


def test_the_files_are_the_same_every_time(splits, files, tmp_path):
    again = pictures.write_pictures(splits, tmp_path)
    assert [path.name for path in again] == [path.name for path in files]
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in files]


def test_files_are_shown_as_they_are_stored_and_as_the_network_sees_them(files):
    figure = pictures.show_decoded(files[-5:], caption="toy data")
    assert len(figure.axes) == 10
    assert "turned.jpg" in figure.alt
    assert figure.get_supxlabel() == "toy data"


def test_strangers_are_eight_images_of_no_class_of_either_data_set(splits):
    images, names = pictures.draw_strangers()
    assert (images.shape, images.dtype) == ((8, 32, 32, 3), np.float32)
    assert images.min() >= 0
    assert images.max() <= 1
    cifar10 = {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship",
               "truck"}  # fmt: skip
    assert not set(names) & (cifar10 | set(splits.class_names))
    assert len(set(names)) == 8
    assert (pictures.draw_strangers()[0] == images).all()


def test_each_stranger_stands_with_what_the_model_says_and_how_sure_it_is(splits):
    def predict(images):
        numbers = np.full((len(images), 10), 0.02)
        numbers[:, 3] = 0.82
        return numbers

    figure = pictures.show_strangers(predict, splits)
    assert figure.alt.count(f"taken for {splits.class_names[3]} (82%)") == 8
    assert splits.caption in figure.alt
