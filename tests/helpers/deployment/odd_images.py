"""Image files as people have them, with the pixels that a network has to see of each.

All are made from one picture of 32x32 pixels in a way that is turned back by arithmetic of its own,
without the decoder that is tried with them. Files that cannot be classified come with words of the
reason that has to be told.
"""

import io
import struct
import zlib
from typing import NamedTuple

import numpy as np
from PIL import Image

SIDE = 32
WHITE = 255.0
# By EXIF orientation: how a camera that was held so has stored the upright picture (rows from the
# top, columns from the left), as the standard's figure shows it.
STORED = {
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.swapaxes(0, 1),
    6: lambda p: np.rot90(p),
    7: lambda p: p[::-1, ::-1].swapaxes(0, 1),
    8: lambda p: np.rot90(p, -1),
}


class Odd(NamedTuple):
    """A file, and what has to come of it.

    Attributes:
        content: the bytes of the file.
        pixels: what the network has to see, float32 (32, 32, 3) in [0, 1]; None if there is no
            right answer.
        error: words of the reason, if there is none.
        tolerance: how far a level may be off, of 255: what a lossy format costs.
    """

    content: bytes
    pixels: np.ndarray | None = None
    error: str = ""
    tolerance: float = 0.51


def make_picture(seed: int = 0) -> np.ndarray:
    """Return a colourful picture without any symmetry, uint8 (32, 32, 3)."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:SIDE, 0:SIDE] / (SIDE - 1)
    smooth = np.stack([rows, columns, 0.5 + 0.5 * np.sin(7 * rows + 3 * columns)], axis=2)
    smooth[4:12, 20:28] = random.random(3)
    return np.round(WHITE * (0.15 + 0.7 * smooth)).astype(np.uint8)


def save(picture: Image.Image, kind: str, **options) -> bytes:
    """Return a picture as the bytes of a file."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def seen(levels: np.ndarray) -> np.ndarray:
    """Return levels from 0 to 255, grey or in colours, as what a network sees of them."""
    if levels.ndim == 2:
        levels = np.repeat(levels[..., np.newaxis], 3, axis=2)
    return (levels / WHITE).astype(np.float32)


def make_odd_images() -> dict[str, Odd]:
    """Return the files by name."""
    return {
        **_plain(),
        **_grey(),
        **_transparent(),
        **_printed(),
        **_turned(),
        **_of_other_sizes(),
        **_animated(),
        **_broken(),
    }


def _plain() -> dict[str, Odd]:
    levels = make_picture()
    picture = Image.fromarray(levels)
    lossless = {"PNG": {}, "BMP": {}, "TIFF": {"compression": "tiff_lzw"},
                "WEBP": {"lossless": True}}  # fmt: skip
    plain = {
        f"plain.{kind.lower()}": Odd(save(picture, kind, **options), seen(levels))
        for kind, options in lossless.items()
    }
    photograph = save(picture, "JPEG", quality=100, subsampling=0)
    return {**plain, "photograph.jpeg": Odd(photograph, seen(levels), tolerance=5)}


def _grey() -> dict[str, Odd]:
    grey = make_picture()[..., 1]
    deep = make_picture()[..., 1] * np.uint16(257) + np.uint16(40)
    bilevel = grey > 127
    return {
        "grey.png": Odd(save(Image.fromarray(grey), "PNG"), seen(grey)),
        "grey-16-bit.png": Odd(save(Image.fromarray(deep), "PNG"), seen(deep / 257.0)),
        "grey-16-bit.tiff": Odd(save(Image.fromarray(deep), "TIFF"), seen(deep / 257.0)),
        "grey-16-bit-big-endian.tiff": Odd(
            save(Image.frombytes("I;16B", (SIDE, SIDE), deep.astype(">u2").tobytes()), "TIFF"),
            seen(deep / 257.0),
        ),
        "colour-16-bit.png": Odd(_png_of_16_bits(make_picture()), seen(make_picture())),
        "black-and-white.png": Odd(
            save(Image.fromarray(bilevel), "PNG"), seen(WHITE * bilevel.astype(float))
        ),
        "palette.png": Odd(
            save(Image.fromarray(grey).convert("P"), "PNG"), seen(grey)
        ),
    }  # fmt: skip


def _transparent() -> dict[str, Odd]:
    levels, alpha = make_picture(), make_picture(1)[..., 0]
    share = alpha[..., np.newaxis] / WHITE
    over_white = levels * share + WHITE * (1 - share)
    grey_over_white = levels[..., 1] * share[..., 0] + WHITE * (1 - share[..., 0])
    with_alpha = Image.fromarray(np.dstack([levels, alpha]))
    with_grey = Image.merge("LA", [Image.fromarray(levels[..., 1]), Image.fromarray(alpha)])
    one_colour = make_picture()
    one_colour[8:16, 8:16] = (10, 200, 30)
    hole = one_colour.astype(float)
    hole[8:16, 8:16] = WHITE
    indexed = Image.fromarray(levels[..., 1]).convert("P")
    by_index = np.where(levels[..., 1] < 100, WHITE, levels[..., 1])
    return {
        "alpha.png": Odd(save(with_alpha, "PNG"), seen(over_white), tolerance=1),
        "alpha.webp": Odd(save(with_alpha, "WEBP", lossless=True, exact=True), seen(over_white),
                          tolerance=1),
        "grey-and-alpha.png": Odd(save(with_grey, "PNG"), seen(grey_over_white), tolerance=1),
        "one-transparent-colour.png": Odd(
            save(Image.fromarray(one_colour), "PNG", transparency=(10, 200, 30)), seen(hole)
        ),
        "transparent-palette.png": Odd(
            save(indexed, "PNG", transparency=bytes(100 * [0] + 156 * [255])), seen(by_index)
        ),
    }  # fmt: skip


def _printed() -> dict[str, Odd]:
    ink = np.dstack([make_picture(), make_picture(2)[..., 2] // 4])
    on_paper = (WHITE - ink[..., :3]) * (WHITE - ink[..., 3:]) / WHITE
    picture = Image.frombytes("CMYK", (SIDE, SIDE), ink.tobytes())
    return {
        "printed.tiff": Odd(save(picture, "TIFF"), seen(on_paper), tolerance=1.5),
        "printed.jpeg": Odd(
            save(picture, "JPEG", quality=100, subsampling=0), seen(on_paper), tolerance=6
        ),
    }


def _turned() -> dict[str, Odd]:
    upright = make_picture()
    turned = {}
    for number, store in STORED.items():
        exif = Image.Exif()
        exif[0x0112] = number
        stored = Image.fromarray(np.ascontiguousarray(store(upright)))
        turned[f"turned-{number}.png"] = Odd(save(stored, "PNG", exif=exif), seen(upright))
        turned[f"turned-{number}.tiff"] = Odd(save(stored, "TIFF", exif=exif), seen(upright))
        photograph = save(stored, "JPEG", quality=100, subsampling=0, exif=exif)
        turned[f"turned-{number}.jpeg"] = Odd(photograph, seen(upright), tolerance=5)
    return turned


def _of_other_sizes() -> dict[str, Odd]:
    levels = make_picture()
    strip = np.zeros((SIDE, 10_000, 3), np.uint8)
    left = (10_000 - SIDE) // 2
    strip[:, left : left + SIDE] = levels
    one = np.full((SIDE, SIDE, 3), (200, 30, 90))
    enlarged = np.kron(levels, np.ones((8, 8, 1), np.uint8))
    return {
        "10,000-wide.png": Odd(save(Image.fromarray(strip), "PNG"), seen(levels)),
        "10,000-high.png": Odd(
            save(Image.fromarray(np.ascontiguousarray(strip.swapaxes(0, 1))), "PNG"),
            seen(levels.swapaxes(0, 1)),
        ),
        "1x1.png": Odd(save(Image.new("RGB", (1, 1), (200, 30, 90)), "PNG"), seen(one)),
        "1x1.gif": Odd(save(Image.new("L", (1, 1), 200), "GIF"), seen(np.full((SIDE, SIDE), 200))),
        # A triangle filter of twice this width weighs the neighbours too: an eighth each at most.
        "8-times-as-large.png": Odd(
            save(Image.fromarray(enlarged), "PNG"), seen(_spread(levels)), tolerance=1.5
        ),
    }


def _spread(levels: np.ndarray) -> np.ndarray:
    """Return what a triangle filter over two of the large pixels leaves of each: 1/8, 3/4, 1/8."""
    spread = levels.astype(float)
    for axis in (0, 1):
        before, after = (np.roll(spread, step, axis) for step in (1, -1))
        first, last = ([slice(None)] * 2 for _ in range(2))
        first[axis], last[axis] = 0, -1
        mixed = (before + 6 * spread + after) / 8
        # At the border half of the filter is cut off.
        mixed[tuple(first)] = (6 * spread[tuple(first)] + after[tuple(first)]) / 7
        mixed[tuple(last)] = (6 * spread[tuple(last)] + before[tuple(last)]) / 7
        spread = mixed
    return spread


def _animated() -> dict[str, Odd]:
    grey = make_picture()[..., 1]
    first, second = Image.fromarray(grey), Image.new("L", (SIDE, SIDE), 0)
    frames = {"save_all": True, "append_images": [second] * 20, "duration": 40}
    return {
        "animated.gif": Odd(save(first, "GIF", **frames), seen(grey)),
        "animated.png": Odd(save(first, "PNG", **frames), seen(grey)),
        "animated.webp": Odd(
            save(first.convert("RGB"), "WEBP", lossless=True, **frames), seen(grey)
        ),
    }


def _broken() -> dict[str, Odd]:
    picture = Image.fromarray(make_picture())
    png, jpeg = save(picture, "PNG"), save(picture, "JPEG", quality=95)
    gif, webp = save(picture, "GIF"), save(picture, "WEBP")
    damaged, unknown = "damaged or cut off", "not an image in a format that is read here"
    return {
        "truncated.png": Odd(png[: len(png) // 2], error=damaged),
        "truncated.jpeg": Odd(jpeg[: len(jpeg) // 2], error=damaged),
        "truncated.gif": Odd(gif[: len(gif) // 2], error=damaged),
        "truncated.webp": Odd(webp[: len(webp) // 2], error=damaged),
        "wrong-checksum.png": Odd(_with_a_wrong_byte(png), error=damaged),
        "header-only.png": Odd(png[:33], error=unknown),
        "essay.docx": Odd(b"PK\x03\x04 no picture", error=unknown),
        "empty.png": Odd(b"", error=unknown),
        "page.html": Odd(b"<!DOCTYPE html><img src=cat.png>", error=unknown),
        "drawing.svg": Odd(b"<svg xmlns='http://www.w3.org/2000/svg'/>", error=unknown),
        "drawing.eps": Odd(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", error=unknown),
        "noise.jpeg": Odd(np.random.default_rng(0).bytes(5_000), error=unknown),
        "32-bit.tiff": Odd(
            save(Image.fromarray(np.ones((SIDE, SIDE), np.float32)), "TIFF"), error="32 bits"
        ),
        # Each of these is small, and would take gigabytes when unpacked.
        "bomb.png": Odd(_png_bomb(60_000, 60_000), error="50,000,000"),
        "bomb-of-9,000x9,000.png": Odd(_png_bomb(9_000, 9_000), error="9,000 x 9,000 pixels"),
        "bomb-of-10,000x10,000.png": Odd(_png_bomb(10_000, 10_000), error="50,000,000"),
        "bomb.gif": Odd(_gif_bomb(), error="50,000,000"),
    }


def _with_a_wrong_byte(png: bytes) -> bytes:
    place = png.index(b"IDAT") + 12
    return png[:place] + bytes([png[place] ^ 0xFF]) + png[place + 1 :]


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum


def _png(width: int, height: int, depth: int, rows: bytes) -> bytes:
    """Return a PNG file in colours, from its rows packed as the format wants them."""
    header = struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0)
    chunks = [_chunk(b"IHDR", header), _chunk(b"IDAT", rows), _chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _png_of_16_bits(levels: np.ndarray) -> bytes:
    deep = (levels * np.uint16(257)).astype(">u2")
    return _png(SIDE, SIDE, 16, zlib.compress(b"".join(b"\0" + row.tobytes() for row in deep)))


def _png_bomb(width: int, height: int) -> bytes:
    """Return a file that claims many pixels, and holds black for the first rows of them."""
    return _png(width, height, 8, zlib.compress(bytes(3 * 2**20), 9))


def _gif_bomb() -> bytes:
    gif = bytearray(save(Image.new("L", (1, 1)), "GIF"))
    gif[6:10] = struct.pack("<HH", 65_535, 65_535)
    return bytes(gif)
