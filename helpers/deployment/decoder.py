"""From an image file to what the network reads: 32x32 pixels, RGB, float32 in [0, 1].

This file is shipped with every artifact, so that whoever uses the model decodes as its makers did.
It needs Pillow and NumPy, and nothing of the course.

What is pinned here, because programs differ in it: the photograph is turned as its EXIF orientation
says; transparent parts become white; of an animation the first frame counts; the largest square in
the middle is kept and resized with Pillow's bilinear filter, which averages when it shrinks.
"""

import warnings

import numpy as np
from PIL import Image, UnidentifiedImageError

FORMATS = ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")
PIXELS = 32  # width and height that the network reads

# 10,000 x 5,000. Measured with Pillow 13: up to 16 bytes a pixel on the way (WebP with an alpha
# channel; PNG 9, progressive JPEG 8), so 800 MB at most for one image.
MOST_PIXELS = 50_000_000

ORIENTATION = 0x0112  # EXIF tag; its values are from the EXIF standard, 1 is upright
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class ImageError(ValueError):
    """A file is no image that can be read; says why."""


class ImageTooLargeError(ImageError):
    """An image has more pixels than this decoder unpacks."""


def decode_image(source, pixels=PIXELS):
    """Decode one image file.

    Args:
        source: a path, or a binary file that is open for reading.
        pixels: width and height of the result.

    Returns:
        float32 of shape (pixels, pixels, 3) in [0, 1].

    Raises:
        ImageTooLargeError: it has more than `MOST_PIXELS` pixels; nothing was unpacked.
        ImageError: it is missing, no image of a known format, or damaged.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is too large or damaged is refused below
            small = _decode(source, pixels)
    except ImageError:
        raise
    except Image.DecompressionBombError:
        raise ImageTooLargeError(
            f"It has far more than the {MOST_PIXELS:,} pixels that are unpacked here. "
            "Make it smaller first."
        ) from None
    except MemoryError:
        raise ImageTooLargeError("There is not enough memory to unpack it.") from None
    except UnidentifiedImageError:
        known = ", ".join(FORMATS)
        raise ImageError(f"It is not an image in a format that is read here ({known}).") from None
    except FileNotFoundError:
        raise ImageError("There is no such file.") from None
    except Exception as error:  # damaged files make Pillow raise anything
        reason = str(error) or type(error).__name__
        raise ImageError(
            f"It cannot be read; it is probably damaged or cut off. ({reason})"
        ) from None
    return np.asarray(small, dtype=np.float32) / np.float32(255.0)


def decode_images(sources, pixels=PIXELS):
    """Decode image files; see `decode_image`.

    Returns:
        float32 of shape (number of files, pixels, pixels, 3) in [0, 1].
    """
    images = [decode_image(source, pixels) for source in sources]
    return np.stack(images) if images else np.zeros((0, pixels, pixels, 3), np.float32)


def _decode(source, pixels):
    """Return the small upright image in RGB."""
    with Image.open(source, formats=FORMATS) as image:
        _refuse_too_large(image.size)
        image.draft(None, (8 * pixels, 8 * pixels))  # JPEG: unpack no more than is of use
        image.load()
        # Only now: Pillow itself turns a TIFF while it is unpacked, and then deletes the note.
        orientation = image.getexif().get(ORIENTATION, 1)
        small = _to_rgb(_resize_middle(image, pixels))
    return small.transpose(TURNS[orientation]) if orientation in TURNS else small


def _refuse_too_large(size):
    width, height = size
    if width * height > MOST_PIXELS:
        raise ImageTooLargeError(
            f"It has {width:,} x {height:,} pixels; at most {MOST_PIXELS:,} are unpacked here. "
            "Make it smaller first."
        )


def _resize_middle(image, pixels):
    """Return the largest square in the middle, resized, in a mode that averages rightly."""
    if image.mode in ("P", "PA"):  # numbers of a palette: their averages mean nothing
        image = image.convert("RGBA")
    elif image.mode == "1":
        image = image.convert("L")
    elif "transparency" in image.info and image.mode in ("L", "RGB"):
        image = image.convert("RGBA")  # one colour counts as transparent
    side = min(image.size)
    left, top = ((length - side) // 2 for length in image.size)
    box = (left, top, left + side, top + side)
    return image.resize((pixels, pixels), Image.Resampling.BILINEAR, box=box)


def _to_rgb(image):
    """Return a small image of any mode in RGB, 8 bits a channel."""
    if image.mode.startswith("I;16"):
        levels = np.asarray(image, dtype=np.float32) / 257.0  # 65,535 becomes 255
        return Image.fromarray(np.round(levels).astype(np.uint8)).convert("RGB")
    if image.mode in ("I", "F"):
        raise ImageError("It has 32 bits a channel, and no agreed number for white.")
    if image.mode in ("LA", "RGBA"):
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert("RGB")
