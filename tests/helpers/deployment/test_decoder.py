"""The decoder: right pixels from whatever people send, or an error that says why there are none."""

import io
import json
import subprocess
import sys
import warnings

import numpy as np
import pytest
from PIL import Image

from helpers.deployment import ImageError, ImageTooLargeError, decode_image, decode_images
from helpers.deployment import decoder as shipped

from . import odd_images

ODD = odd_images.make_odd_images()
RIGHT = sorted(name for name, odd in ODD.items() if odd.pixels is not None)
WRONG = sorted(name for name, odd in ODD.items() if odd.pixels is None)
MEGABYTE = 1_000_000

# In a process of its own: how many bytes more it needs at most than before.
MEASURE = """
import json, sys
from helpers.deployment.decoder import ImageError, decode_image
from helpers.deployment.predict import peak_memory
before = peak_memory()
try:
    decode_image(sys.argv[1])
    error = ""
except ImageError as reason:
    error = str(reason)
print(json.dumps({"error": error, "memory": peak_memory() - before}))
"""


def opened(content):
    return io.BytesIO(content)


def measured(path):
    finished = subprocess.run([sys.executable, "-c", MEASURE, path], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    assert finished.stderr == ""
    return json.loads(finished.stdout)


@pytest.mark.parametrize("name", RIGHT)
def test_the_network_sees_what_a_person_sees(name):
    odd = ODD[name]
    image = decode_image(opened(odd.content))
    assert (image.shape, image.dtype) == ((32, 32, 3), np.float32)
    assert 255 * np.abs(image - odd.pixels).max() <= odd.tolerance


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_read_is_an_error_that_says_why(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ImageError) as caught:
            decode_image(opened(ODD[name].content))
    assert ODD[name].error in str(caught.value)
    assert caught.type is (ImageTooLargeError if "bomb" in name else ImageError)


def test_a_file_and_its_path_give_the_same(tmp_path):
    path = tmp_path / "picture.png"
    path.write_bytes(ODD["alpha.png"].content)
    assert (decode_image(path) == decode_image(opened(ODD["alpha.png"].content))).all()


def test_a_missing_file_and_a_folder_are_errors_too(tmp_path):
    with pytest.raises(ImageError, match="no such file"):
        decode_image(tmp_path / "picture.png")
    with pytest.raises(ImageError, match="cannot be read"):
        decode_image(tmp_path)


@pytest.mark.parametrize("cut", range(8, 400, 28))
def test_a_photograph_that_was_cut_off_anywhere_is_an_error_and_no_crash(cut):
    photograph = ODD["photograph.jpeg"].content
    with pytest.raises(ImageError):
        decode_image(opened(photograph[:cut]))


@pytest.mark.parametrize("kind", ["plain.png", "plain.tiff", "plain.webp", "animated.gif"])
def test_no_flipped_byte_makes_anything_but_an_image_or_an_image_error(kind):
    content = ODD[kind].content
    random = np.random.default_rng(0)
    for _ in range(200):
        damaged = bytearray(content)
        for place in random.integers(len(content), size=random.integers(1, 6)):
            damaged[place] = random.integers(256)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                image = decode_image(opened(bytes(damaged)))
            except ImageError:
                continue
        assert image.shape == (32, 32, 3)
        assert np.isfinite(image).all()


def test_other_sizes_than_32_can_be_asked_for():
    assert decode_image(opened(ODD["plain.png"].content), 96).shape == (96, 96, 3)


def test_several_files_are_one_array_and_none_are_an_empty_one():
    contents = [ODD[name].content for name in ("plain.png", "grey.png")]
    images = decode_images(map(opened, contents))
    assert (images[1] == decode_image(opened(contents[1]))).all()
    assert decode_images([]).shape == (0, 32, 32, 3)


@pytest.mark.parametrize(
    ("mode", "kind", "bytes_a_pixel"),
    [
        ("RGBA", "PNG", 8),
        ("RGBA", "WEBP", 16),
        pytest.param("RGB", "PNG", 4, marks=pytest.mark.slow),
        pytest.param("CMYK", "JPEG", 9, marks=pytest.mark.slow),
    ],
)
def test_the_largest_images_need_no_more_memory_than_the_decoder_says(
    tmp_path, mode, kind, bytes_a_pixel
):
    path = tmp_path / "large"
    options = {"PNG": {"compress_level": 1}, "JPEG": {"progressive": True},
               "WEBP": {"quality": 1, "method": 0}}[kind]  # fmt: skip
    Image.new(mode, (10_000, shipped.MOST_PIXELS // 10_000)).save(path, kind, **options)
    result = measured(path)
    assert result["error"] == ""
    assert result["memory"] < bytes_a_pixel * shipped.MOST_PIXELS + 20 * MEGABYTE


@pytest.mark.parametrize("name", sorted(name for name in WRONG if "bomb" in name))
def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path, name):
    path = tmp_path / "bomb"
    path.write_bytes(ODD[name].content)
    result = measured(path)
    assert ODD[name].error in result["error"]
    assert result["memory"] < 10 * MEGABYTE


def test_an_image_just_within_the_limit_is_read(tmp_path):
    path = tmp_path / "wide.png"
    Image.new("1", (10_000, 5_000), 1).save(path)
    assert (decode_image(path) == 1.0).all()
    Image.new("1", (10_000, 5_001), 1).save(path)
    with pytest.raises(ImageTooLargeError, match="10,000 x 5,001 pixels; at most 50,000,000"):
        decode_image(path)


def test_it_needs_nothing_of_the_course():
    code = f"import sys; sys.path.insert(0, {str(shipped.__file__.rpartition('/')[0])!r})\n"
    code += "import decoder; print([name for name in sys.modules if name.startswith('helpers')])"
    finished = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True)
    assert (finished.stdout.strip(), finished.stderr) == ("[]", "")
