"""Ten made-up patterns that stand in for photographs where there are none.

Each class is two colours mixed in smooth waves. An image is that pattern shifted around its edges,
with the pattern of another class showing through, other brightness, and noise. A small network
learns the classes in a few epochs from some hundred images. This is not CIFAR-10 and says nothing
about it.
"""

import numpy as np

LABEL = "stand-in patterns (not CIFAR-10)"
DESCRIPTION = "Ten made-up colour patterns, drawn by the course itself to run without a download."
CLASS_NAMES = tuple(f"pattern {number}" for number in range(10))
SIZES = {"train": 5000, "test": 1000}
SIDE = 32


def make(split: str) -> tuple[np.ndarray, np.ndarray]:
    """Draw all images of a split; every call gives the same ones.

    Args:
        split: `train` or `test`.

    Returns:
        Images, uint8 of shape `(n, 32, 32, 3)`, and labels, int64 of shape `(n,)`, equally many
        of each class, in random order.
    """
    count, classes = SIZES[split], len(CLASS_NAMES)
    random = np.random.Generator(np.random.PCG64([2, list(SIZES).index(split)]))
    labels = random.permutation(np.arange(count) % classes)
    others = (labels + random.integers(1, classes, count)) % classes
    patterns = _patterns()
    share = random.uniform(0.55, 1.0, (count, 1, 1, 1)).astype(np.float32)
    images = share * _shifted(patterns, labels, random)
    images += (1 - share) * _shifted(patterns, others, random)
    images *= random.uniform(0.6, 1.0, (count, 1, 1, 1)).astype(np.float32)
    images += 0.05 * random.standard_normal(images.shape, dtype=np.float32)
    return np.round(255 * images.clip(0, 1)).astype(np.uint8), labels


def _patterns() -> np.ndarray:
    """Return one pattern a class in [0, 1], float32 of shape `(10, 32, 32, 3)`.

    The waves have whole periods, so that no seam shows where a pattern is shifted around an edge.
    """
    random = np.random.Generator(np.random.PCG64(1))
    row, column = np.mgrid[0:SIDE, 0:SIDE] * (2 * np.pi / SIDE)
    patterns = []
    for _ in CLASS_NAMES:
        waves = sum(
            np.sin(down * row + right * column + random.uniform(0, 2 * np.pi))
            for down, right in random.integers(-3, 4, (3, 2))
        )
        mix = ((waves - waves.min()) / (waves.max() - waves.min()))[:, :, None]
        first, second = random.uniform(0, 1, (2, 3))
        patterns.append(mix * first + (1 - mix) * second)
    return np.stack(patterns).astype(np.float32)


def _shifted(patterns: np.ndarray, labels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return the pattern of each label, moved by a random number of pixels around the edges."""
    rows, columns = (np.arange(SIDE) + random.integers(0, SIDE, (2, len(labels), 1))) % SIDE
    return patterns[labels[:, None, None], rows[:, :, None], columns[:, None, :]]
