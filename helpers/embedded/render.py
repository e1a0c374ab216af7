"""Draws the pictures of the embedded data set, pixel for pixel the same on every machine.

Randomness comes from the raw 64-bit numbers of PCG64, which no NumPy release may change. The
arithmetic is `+ - * /`, square roots and comparisons on float64, which IEEE 754 rounds in one way
only; there is no sine, no exponential, no matrix product and no sum whose order a library chooses.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from helpers.embedded import shapes

SIZE = 32
CHUNK = 200  # images drawn at a time; a part of the recipe, for each chunk has a seed of its own


@dataclass(frozen=True)
class Task:
    """What is drawn, and how it looks. Ranges are (low, high); colours are in [0, 1].

    Attributes:
        classes: drawing functions of `helpers.embedded.shapes`, in the order of the labels.
        hues: usual colour of each class on the circle of hues, 0 red, 2 green, 4 blue, below 6.
        usual: share of the images where a thing has its usual colour; elsewhere any.
        seed: first part of the seed of every chunk.
        radius: half the size of a thing, in pixels.
        turn: tangent of half the largest rotation to either side.
        saturation: of all colours.
        contrast: difference in luminance between thing and background.
        backgrounds: weights of clouds, stripes, checks and plain gradients.
        clutter: pieces that lie behind the thing.
        occluded: share of the images where a bar crosses the thing.
        noise: largest amplitude of the pixel noise.
    """

    classes: tuple[Callable, ...]
    hues: tuple[float, ...]
    usual: float
    seed: int
    radius: tuple[float, float]
    turn: float
    saturation: tuple[float, float]
    contrast: tuple[float, float]
    backgrounds: tuple[float, float, float, float]
    clutter: int
    occluded: float
    noise: float

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes, in the order of the labels."""
        return tuple(draw.__name__ for draw in self.classes)


TARGET = Task(
    classes=shapes.TARGET,
    hues=(3.6, 4.0, 3.2, 5.4, 0.5, 1.0, 0.0, 0.7, 2.2, 4.8),
    usual=0.75,
    seed=4_101,
    radius=(10.5, 15.0),
    turn=0.2,
    saturation=(0.25, 0.9),
    contrast=(0.25, 0.5),
    backgrounds=(0.45, 0.2, 0.1, 0.25),
    clutter=3,
    occluded=0.2,
    noise=0.08,
)
SOURCE = Task(
    classes=shapes.SOURCE,
    hues=(0.0,) * len(shapes.SOURCE),
    usual=0.0,
    seed=7_207,
    radius=(8.5, 14.5),
    turn=0.4,
    saturation=(0.0, 0.6),
    contrast=(0.2, 0.6),
    backgrounds=(0.25, 0.3, 0.3, 0.15),
    clutter=4,
    occluded=0.3,
    noise=0.1,
)


class Draws:
    """A stream of uniform numbers that is the same on every machine and with every NumPy."""

    def __init__(self, *key: int):
        """Start the stream that belongs to `key`, a few non-negative integers."""
        self._bits = np.random.PCG64(np.random.SeedSequence(key))

    def integers(self, count: int) -> np.ndarray:
        """`count` raw numbers, uint64."""
        return self._bits.random_raw(count)

    def uniform(self, shape: tuple[int, ...], low=0.0, high=1.0) -> np.ndarray:
        """Numbers in [low, high), float64."""
        count = 1
        for length in shape:
            count *= length
        unit = (self.integers(count) >> np.uint64(11)).astype(np.float64) * 2.0**-53
        return low + (high - low) * unit.reshape(shape)


def render_chunk(task: Task, split: int, chunk: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw the `CHUNK` images number `chunk` of a split.

    Args:
        task: what to draw.
        split: 0 for train, 1 for test; any other number gives other images.
        chunk: 0 and up.

    Returns:
        Images, uint8 of shape (200, 32, 32, 3), and labels, int64 of shape (200,): equally many of
        every class, in random order.
    """
    draws = Draws(task.seed, split, chunk)
    order = np.argsort(draws.integers(CHUNK), kind="stable")
    labels = order % len(task.classes)
    base, picture = _background(task, draws)
    picture = _add_clutter(task, draws, base, picture)
    picture = _add_things(task, draws, labels, base, picture)
    picture = _add_occluder(task, draws, picture)
    return _photograph(task, draws, picture), labels


def render(task: Task, split: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw the first `count` images of a split (see `render_chunk`)."""
    chunks = [render_chunk(task, split, chunk) for chunk in range(-(-count // CHUNK))]
    images, labels = zip(*chunks, strict=True)
    return np.concatenate(images)[:count], np.concatenate(labels)[:count]


# ---- colours ------------------------------------------------------------------------------------


def _luminance(colour: np.ndarray) -> np.ndarray:
    red, green, blue = colour[:, 0:1], colour[:, 1:2], colour[:, 2:3]
    return 0.3 * red + 0.59 * green + 0.11 * blue


def _clip(values, low=0.0, high=1.0):
    values = np.maximum(values, low)
    return np.minimum(values, high, out=values)


def _colours(draws: Draws, task: Task, luminance: np.ndarray, hue=None) -> np.ndarray:
    """Colours of the given luminance (n,) and hue (n, 1), random if None; returns shape (n, 3)."""
    if hue is None:
        hue = draws.uniform((len(luminance), 1), 0.0, 6.0)
    pure = _clip(
        np.abs(hue - np.array([3.0, 2.0, 4.0])) * np.array([1.0, -1.0, -1.0])
        + np.array([-1.0, 2.0, 2.0])
    )
    saturation = draws.uniform((len(luminance), 1), *task.saturation)
    pure = 0.5 + (pure - 0.5) * saturation
    wanted, has = luminance[:, None], _luminance(pure)
    darker = pure * (wanted / has)
    lighter = pure + (1.0 - pure) * ((wanted - has) / (1.0 - has))
    return np.where(wanted < has, darker, lighter)


def _paint(picture: np.ndarray, colour: np.ndarray, coverage: np.ndarray) -> np.ndarray:
    """Lay a colour, (n, 3) or (n, 3, 32, 32), over the picture where coverage (n, 32, 32) is 1."""
    if colour.ndim == 2:
        colour = colour[:, :, None, None]
    change = colour - picture
    change *= coverage[:, None]  # in place: most of the time goes into moving these arrays
    change += picture
    return change


# ---- places -------------------------------------------------------------------------------------


def _pixels() -> tuple[np.ndarray, np.ndarray]:
    """Centres of the pixels, x of shape (1, 1, 32) and y of shape (1, 32, 1)."""
    places = np.arange(SIZE) + 0.5
    return places[None, None, :], places[None, :, None]


def _direction(draws: Draws, count: int, largest: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors around (1, 0), as rational points of the circle. Arrays of shape (n, 1, 1)."""
    t = draws.uniform((count, 1, 1), -largest, largest)
    return (1.0 - t * t) / (1.0 + t * t), 2.0 * t / (1.0 + t * t)


def _signs(draws: Draws, count: int) -> np.ndarray:
    return np.where(draws.uniform((count, 1, 1)) < 0.5, -1.0, 1.0)


def _cover(distance: np.ndarray) -> np.ndarray:
    """Share of a pixel that a shape covers, from its distance in pixels."""
    return _clip(0.5 - distance)


# ---- the layers, from back to front -------------------------------------------------------------


def _clouds(draws: Draws, count: int, cells: int) -> np.ndarray:
    """Value noise in [0, 1]: random numbers on a grid, blended smoothly between its corners."""
    grid = draws.uniform((count, cells + 1, cells + 1))
    place = (np.arange(SIZE) + 0.5) * (cells / SIZE)
    cell = np.floor(place).astype(np.int64)
    part = place - cell
    part = part * part * (3.0 - 2.0 * part)
    rows = grid[:, cell] + (grid[:, cell + 1] - grid[:, cell]) * part[None, :, None]
    return rows[:, :, cell] + (rows[:, :, cell + 1] - rows[:, :, cell]) * part[None, None, :]


def _wave(values: np.ndarray) -> np.ndarray:
    """A triangle wave in [0, 1] with period 1."""
    return np.abs(values - np.floor(values) - 0.5) * 2.0


def _texture(task: Task, draws: Draws) -> np.ndarray:
    """Backgrounds in [0, 1] of shape (n, 32, 32)."""
    x, y = _pixels()
    cos, sin = _direction(draws, CHUNK)
    along, across = (x * cos + y * sin), (y * cos - x * sin)
    frequency = draws.uniform((CHUNK, 1, 1), 0.06, 0.2)
    hard = draws.uniform((CHUNK, 1, 1), 1.0, 4.0)
    phase = draws.uniform((CHUNK, 1, 1))
    stripes = _clip((_wave(along * frequency + phase) - 0.5) * hard + 0.5)
    crossed = _clip((_wave(across * frequency + phase) - 0.5) * hard + 0.5)
    checks = stripes + crossed - 2.0 * stripes * crossed
    gradient = _clip((along - 16.0 * (cos + sin)) * (1.0 / 32.0) + 0.5)
    coarse, fine = _clouds(draws, CHUNK, 4), _clouds(draws, CHUNK, 11)
    clouds = _clip((coarse * 0.65 + fine * 0.35 - 0.5) * 1.8 + 0.5)
    kind = draws.uniform((CHUNK, 1, 1))
    first, second, third, _ = task.backgrounds
    texture = np.where(
        kind < first,
        clouds,
        np.where(
            kind < first + second,
            stripes,
            np.where(kind < first + second + third, checks, gradient),
        ),
    )
    return texture + (fine - 0.5) * draws.uniform((CHUNK, 1, 1), 0.0, 0.5)


def _background(task: Task, draws: Draws) -> tuple[np.ndarray, np.ndarray]:
    """Return the backgrounds' luminance (n,) and the pictures so far (n, 3, 32, 32)."""
    base = draws.uniform((CHUNK,), 0.2, 0.8)
    spread = draws.uniform((CHUNK,), 0.04, 0.16)
    picture = np.empty((CHUNK, 3, SIZE, SIZE))
    picture[:] = _colours(draws, task, base - spread)[:, :, None, None]
    return base, _paint(picture, _colours(draws, task, base + spread), _texture(task, draws))


def _add_clutter(task: Task, draws: Draws, base: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """Scatter discs and bars that differ little from the background."""
    x, y = _pixels()
    for piece in range(task.clutter):
        luminance = _clip(base + draws.uniform((CHUNK,), -0.22, 0.22), 0.05, 0.95)
        cx, cy = (draws.uniform((CHUNK, 1, 1), 0.0, SIZE) for _ in range(2))
        cos, sin = _direction(draws, CHUNK)
        reach = draws.uniform((CHUNK, 1, 1), 2.0, 8.0)
        if piece % 2:
            distance = shapes.disc(x, y, cx, cy, 0.5 * reach)
        else:
            thick = draws.uniform((CHUNK, 1, 1), 0.6, 2.0)
            distance = shapes.bar(x, y, cx, cy, cx + reach * cos, cy + reach * sin, thick)
        shown = draws.uniform((CHUNK, 1, 1)) < 0.7
        picture = _paint(picture, _colours(draws, task, luminance), _cover(distance) * shown)
    return picture


def _pose(task: Task, draws: Draws) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places of all pixels in the things' own frames, and the things' size in pixels."""
    x, y = _pixels()
    radius = draws.uniform((CHUNK, 1, 1), *task.radius)
    room = (SIZE / 2 - radius) + 2.5
    x = x - (SIZE / 2 + room * draws.uniform((CHUNK, 1, 1), -1.0, 1.0))
    y = y - (SIZE / 2 + room * draws.uniform((CHUNK, 1, 1), -1.0, 1.0))
    cos, sin = _direction(draws, CHUNK, task.turn)
    x, y = x * cos + y * sin, y * cos - x * sin
    x = x + y * draws.uniform((CHUNK, 1, 1), -0.15, 0.15)
    x = x * _signs(draws, CHUNK)
    wide = draws.uniform((CHUNK, 1, 1), 0.82, 1.2)
    return x / (radius * wide), y * wide / radius, radius


def _hues(task: Task, draws: Draws, labels: np.ndarray) -> np.ndarray:
    """Hues of the things (n, 1): near the usual one of their class, or any."""
    usual = np.array(task.hues)[labels][:, None] + draws.uniform((CHUNK, 1), -0.4, 0.4)
    usual = usual - 6.0 * np.floor(usual / 6.0)
    anything = draws.uniform((CHUNK, 1), 0.0, 6.0)
    return np.where(draws.uniform((CHUNK, 1)) < task.usual, usual, anything)


def _foreground(task: Task, draws: Draws, labels: np.ndarray, base: np.ndarray) -> list[np.ndarray]:
    """Colours of the tones MAIN, ACCENT and DARK, each (n, 3), away from the background's."""
    difference = draws.uniform((CHUNK,), *task.contrast)
    up = draws.uniform((CHUNK,), 0.0, 1.0) * 0.4 + 0.3 > base
    luminance = _clip(np.where(up, base + difference, base - difference), 0.04, 0.96)
    main = _colours(draws, task, luminance, _hues(task, draws, labels))
    towards = draws.uniform((CHUNK,), 0.12, 0.35)
    accent = _colours(
        draws, task, _clip(np.where(up, luminance - towards, luminance + towards), 0.05, 0.95)
    )
    dark = main * draws.uniform((CHUNK, 1), 0.15, 0.5)
    return [main, accent, dark]


def _slopes(distance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Differences of neighbouring pixels, x and y, shape kept."""
    padded = np.concatenate([distance[:, :1], distance, distance[:, -1:]], axis=1)
    down = (padded[:, 2:] - padded[:, :-2]) * 0.5
    padded = np.concatenate([distance[:, :, :1], distance, distance[:, :, -1:]], axis=2)
    return (padded[:, :, 2:] - padded[:, :, :-2]) * 0.5, down


def _add_things(
    task: Task, draws: Draws, labels: np.ndarray, base: np.ndarray, picture: np.ndarray
) -> np.ndarray:
    """Draw each image's thing with its shadow, lit from one side."""
    x, y, radius = _pose(task, draws)
    tones = _foreground(task, draws, labels, base)
    light_x, light_y = _direction(draws, CHUNK)
    flip = _signs(draws, CHUNK)
    light_x, light_y = light_x * flip, light_y * flip
    relief = draws.uniform((CHUNK, 1, 1), 0.1, 0.45)
    shadow = draws.uniform((CHUNK, 1, 1), 0.0, 0.55)
    throw = draws.uniform((CHUNK, 1, 1), 1.0, 2.5)
    grain = 1.0 + (_clouds(draws, CHUNK, 8) - 0.5) * draws.uniform((CHUNK, 1, 1), 0.0, 0.5)
    for label, draw in enumerate(task.classes):
        rows = np.flatnonzero(labels == label)
        n = len(rows)
        parts = draw(x[rows], y[rows], lambda low, high, n=n: draws.uniform((n, 1, 1), low, high))
        parts = [(tone, distance * radius[rows]) for tone, distance in parts]
        outline = shapes.union(*(distance for _, distance in parts))
        slope_x, slope_y = _slopes(outline)
        lit = slope_x * light_x[rows] + slope_y * light_y[rows]
        image = picture[rows]
        dim = _clip(0.5 - (outline + lit * throw[rows]) * 0.5) * shadow[rows]
        image = image * (1.0 - dim)[:, None]
        bevel = _clip(1.0 + outline * 0.3)
        shade = (grain[rows] * (1.0 + relief[rows] * lit * bevel))[:, None]
        for tone, distance in parts:
            image = _paint(image, tones[tone][rows][:, :, None, None] * shade, _cover(distance))
        picture[rows] = image
    return picture


def _add_occluder(task: Task, draws: Draws, picture: np.ndarray) -> np.ndarray:
    """Let a bar cross some of the pictures near the middle."""
    x, y = _pixels()
    cos, sin = _direction(draws, CHUNK)
    flip = _signs(draws, CHUNK)
    middle = SIZE / 2 + draws.uniform((CHUNK, 1, 1), -9.0, 9.0)
    across = (x - middle) * sin - (y - middle) * cos * flip
    distance = np.abs(across) - draws.uniform((CHUNK, 1, 1), 0.7, 2.0)
    shown = draws.uniform((CHUNK, 1, 1)) < task.occluded
    colour = _colours(draws, task, draws.uniform((CHUNK,), 0.1, 0.9))
    return _paint(picture, colour, _cover(distance) * shown)


def _photograph(task: Task, draws: Draws, picture: np.ndarray) -> np.ndarray:
    """Uneven light, exposure and noise; then 8 bits. Returns uint8 of shape (n, 32, 32, 3)."""
    x, y = _pixels()
    cos, sin = _direction(draws, CHUNK)
    fall = ((x - 16.0) * cos + (y - 16.0) * sin) * (1.0 / 16.0) * _signs(draws, CHUNK)
    exposure = draws.uniform((CHUNK, 1, 1), 0.75, 1.2)
    light = exposure * (1.0 + fall * draws.uniform((CHUNK, 1, 1), 0.0, 0.25))
    amplitude = draws.uniform((CHUNK, 1, 1, 1), 0.0, task.noise)
    raw = draws.integers(picture.size).reshape(picture.shape)
    # Two halves of one number give a triangular distribution, for the price of one draw.
    halves = (raw >> np.uint64(32)).astype(np.float64) - (raw & np.uint64(0xFFFFFFFF)).astype(
        np.float64
    )
    picture = picture * light[:, None] + halves * 2.0**-32 * amplitude
    pixels = np.floor(_clip(picture) * 255.0 + 0.5).astype(np.uint8)
    return np.ascontiguousarray(pixels.transpose(0, 2, 3, 1))
