"""Writes a small archive in CIFAR-10's binary format, for tests of everything behind the download.

The format: https://www.cs.toronto.edu/~kriz/cifar.html, section "Binary version".
"""

import io
import tarfile
from pathlib import Path

import numpy as np

CLASS_NAMES = (
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
)
FOLDER = "cifar-10-batches-bin"
Images = dict[bytes, int]  # pixels of an image, row by row with RGB together, and its label


def write_archive(
    path: Path, images_per_batch: int = 12, test_images: int = 10
) -> dict[str, Images]:
    """Write random images as five training batches and a test batch; return what was written."""
    random = np.random.Generator(np.random.PCG64(0))
    written: dict[str, Images] = {"train": {}, "test": {}}
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        _add(archive, "batches.meta.txt", "\n".join(CLASS_NAMES).encode() + b"\n\n")
        for number in range(1, 6):
            batch = _batch(random, images_per_batch, written["train"])
            _add(archive, f"data_batch_{number}.bin", batch)
        _add(archive, "test_batch.bin", _batch(random, test_images, written["test"]))
    return written


def _batch(random: np.random.Generator, count: int, written: Images) -> bytes:
    labels = (np.arange(count) % 10).astype(np.uint8)
    planes = random.integers(0, 256, (count, 3, 32, 32), dtype=np.uint8)
    for label, image in zip(labels, planes, strict=True):
        written[image.transpose(1, 2, 0).tobytes()] = int(label)
    return np.hstack([labels[:, None], planes.reshape(count, -1)]).tobytes()


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(f"{FOLDER}/{name}")
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))
