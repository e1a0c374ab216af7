"""Pictures to try a deployed model with: image files as people have them, and strangers.

A *stranger* is a picture of something that is none of the ten classes.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf
    from PIL import Image

    from helpers.data import Splits
    from helpers.figures import DescribedFigure

PLAIN = 18  # files that hold a validation image as it is
# The note of a camera (EXIF, big-endian, one entry): orientation 0x0112, a short, is 6, which means
# that a viewer turns the picture by 90 degrees to the right.
TURNED_RIGHT = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06" + bytes(6)
STRANGE_SPLIT = 2  # of the drawn signs; the network was pretrained on split 0


def write_pictures(splits: "Splits", folder: str | Path) -> list[Path]:
    """Write validation images as files: most of them plain, the last ones as people have them.

    Args:
        splits: the images.
        folder: gets the files; made if it is not there.

    Returns:
        The paths, the same files for the same images: `PLAIN` plain PNG files of 32x32 pixels, then
        a grey one, one that is partly transparent, a turned and enlarged photograph, one in the
        colours of printers, and one that is three times as wide as high.
    """
    from PIL import Image

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    images = to_arrays(splits.validation, PLAIN + len(ODD))[0]
    paths = []
    names = [*PLAIN * ["plain.png"], *ODD]
    for number, (image, name) in enumerate(zip(images, names, strict=True)):
        paths.append(folder / f"{number:02}-{name}")
        picture = Image.fromarray(np.round(255 * image).astype(np.uint8))
        change, options = ODD.get(name, (lambda picture: picture, {}))
        change(picture).save(paths[-1], **options)
    return paths


def to_arrays(dataset: "tf.data.Dataset", most: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return the images of a split, float32 (n, 32, 32, 3) in [0, 1], and their classes, (n,).

    Args:
        dataset: such as `splits.validation`.
        most: how many images at most; all if not given.
    """
    single = dataset.unbatch()
    some = (single if most is None else single.take(most)).as_numpy_iterator()
    images, one_hot = zip(*some, strict=True)
    return np.stack(images), np.stack(one_hot).argmax(axis=1)


def show_decoded(paths: Sequence[Path], *, caption: str = "") -> "DescribedFigure":
    """Draw image files as they are stored, and below each what the decoder makes of it."""
    from PIL import Image

    from helpers.deployment import decode_image
    from helpers.figures import GREY, new_figure

    figure, axes = new_figure(1.7 * len(paths), 3.8, rows=2, columns=len(paths), caption=caption)
    for path, (above, below) in zip(paths, axes.T, strict=True):
        with Image.open(path) as stored:
            size, mode = stored.size, stored.mode
            above.imshow(np.asarray(stored.convert("RGB")))
        above.set_title(f"{path.name}\n{size[0]}x{size[1]}, {mode}", fontsize="small")
        below.imshow(decode_image(path), interpolation="nearest")
        for each in (above, below):
            each.grid(False)
            each.set(xticks=[], yticks=[])
            each.spines[:].set(visible=True, color=GREY)  # or white would have no border
    figure.suptitle("Image files as stored, and what the network gets to see")
    told = ", ".join(path.name for path in paths)
    figure.alt = (
        f"Files as they are stored ({told}), and the upright square of 32x32 pixels in three "
        f"colours that the decoder makes of each. {caption}"
    )
    return figure


def draw_strangers() -> tuple[np.ndarray, list[str]]:
    """Return pictures that show none of the ten classes, and what they show.

    Six drawn signs, noise, and a plain grey area; the same in every call.

    Returns:
        float32 of shape (8, 32, 32, 3) in [0, 1], and eight names.
    """
    from helpers.embedded import render

    signs, labels = render.render_chunk(render.SOURCE, STRANGE_SPLIT, 0)
    names = render.SOURCE.class_names
    firsts = {int(label): place for place, label in reversed(list(enumerate(labels)))}
    chosen = [firsts[label] for label in sorted(firsts)][:6]
    noise = np.random.Generator(np.random.PCG64(0)).random((32, 32, 3), dtype=np.float32)
    grey = np.full((32, 32, 3), 0.5, np.float32)
    drawn = signs[chosen].astype(np.float32) / np.float32(255.0)
    shown = [names[labels[place]].replace("_", " ") for place in chosen]
    return np.concatenate([drawn, [noise, grey]]), [*shown, "noise", "plain grey"]


def show_strangers(
    predict: Callable[[np.ndarray], np.ndarray], splits: "Splits"
) -> "DescribedFigure":
    """Draw pictures of none of the ten classes, with what a model says about each, and how sure.

    Args:
        predict: from images, float32 (n, 32, 32, 3), to probabilities (n, 10).
        splits: the names of the classes.
    """
    from helpers.figures import new_figure

    images, shown = draw_strangers()
    probabilities = np.asarray(predict(images))
    figure, axes = new_figure(8.6, 4.6, rows=2, columns=4, caption=splits.caption)
    told = []
    for each, image, name, row in zip(axes.flat, images, shown, probabilities, strict=True):
        said, sure = splits.class_names[row.argmax()], f"{row.max():.0%}"
        each.imshow(image, interpolation="nearest")
        each.set_title(f"{name}\nsays {said}, {sure}", fontsize="medium")
        each.set_axis_off()
        told.append(f"{name} taken for {said} ({sure})")
    figure.suptitle("None of these is one of the ten classes. What does the network say?")
    figure.alt = f"{'; '.join(told)}. {splits.caption}"
    return figure


def _grey(picture: "Image.Image") -> "Image.Image":
    return picture.convert("L")


def _transparent(picture: "Image.Image") -> "Image.Image":
    """Make the right half transparent: a viewer shows what lies behind it."""
    from PIL import Image

    opaque = Image.new("L", picture.size, 255)
    opaque.paste(0, (picture.width // 2, 0, picture.width, picture.height))
    picture.putalpha(opaque)
    return picture


def _turned(picture: "Image.Image") -> "Image.Image":
    """Return what a camera stores that was held upright: a large picture on its side."""
    from PIL import Image

    large = picture.resize((320, 320), Image.Resampling.BICUBIC)
    return large.transpose(Image.Transpose.ROTATE_90)


def _printed(picture: "Image.Image") -> "Image.Image":
    return picture.convert("CMYK")


def _wide(picture: "Image.Image") -> "Image.Image":
    """Put the picture into the middle of a black strip."""
    from PIL import Image

    strip = Image.new("RGB", (3 * picture.width, picture.height), "black")
    strip.paste(picture, (picture.width, 0))
    return strip


# The odd files: by name, what becomes of the picture, and how it is saved.
ODD: dict[str, tuple[Callable, dict]] = {
    "grey.png": (_grey, {}),
    "transparent.png": (_transparent, {}),
    "turned.jpg": (_turned, {"quality": 95, "exif": TURNED_RIGHT}),
    "printed.jpg": (_printed, {"quality": 95}),
    "wide.png": (_wide, {}),
}
