"""Signed distances of the things that are drawn: negative inside, positive outside.

Every drawing is a function `draw(x, y, vary)`. `x` and `y` are float64 arrays of shape
`(n, height, width)`: the pixels' places in the thing's own frame, x to the right, y down, the thing
reaching from about -1 to 1. `vary(low, high)` draws one number for each image, shape `(n, 1, 1)`.
It returns parts from back to front, each a pair of a tone (`MAIN`, `ACCENT`, `DARK`) and the
distances of its pixels.

Only `+ - * /`, square roots and comparisons are used: IEEE 754 rounds these in one way only, so
every machine draws the same pixels. Method: signed distance functions and their unions, in the
manner of Inigo Quilez, https://iquilezles.org/articles/distfunctions2d/.
"""

import math

import numpy as np

MAIN, ACCENT, DARK = range(3)

# Corners of a regular pentagon and of a regular hexagon, written out because no standard fixes
# the last bit of a sine.
PENTAGON = (
    (0.0, -1.0),
    (0.95105651629515, -0.30901699437495),
    (0.58778525229247, 0.80901699437495),
    (-0.58778525229247, 0.80901699437495),
    (-0.95105651629515, -0.30901699437495),
)
HEXAGON = (
    (0.0, -1.0),
    (0.86602540378444, -0.5),
    (0.86602540378444, 0.5),
    (0.0, 1.0),
    (-0.86602540378444, 0.5),
    (-0.86602540378444, -0.5),
)


def disc(x, y, cx, cy, radius):
    """Distance to a disc."""
    dx, dy = x - cx, y - cy
    return np.sqrt(dx * dx + dy * dy) - radius


def ring(x, y, cx, cy, radius, half_width):
    """Distance to a ring."""
    return np.abs(disc(x, y, cx, cy, radius)) - half_width


def ellipse(x, y, cx, cy, rx, ry):
    """Distance to an ellipse, right on its edge and near enough elsewhere."""
    u, v = (x - cx) / rx, (y - cy) / ry
    length = np.sqrt(u * u + v * v)
    u, v = u / rx, v / ry
    slope = np.sqrt(u * u + v * v)
    return length * (length - 1.0) / (slope + 1e-9)


def box(x, y, cx, cy, half_width, half_height):
    """Distance to an upright rectangle."""
    return np.maximum(np.abs(x - cx) - half_width, np.abs(y - cy) - half_height)


def bar(x, y, ax, ay, bx, by, radius):
    """Distance to a segment with round ends."""
    px, py, dx, dy = x - ax, y - ay, bx - ax, by - ay
    along = np.minimum(np.maximum((px * dx + py * dy) / (dx * dx + dy * dy), 0.0), 1.0)
    px, py = px - along * dx, py - along * dy
    return np.sqrt(px * px + py * py) - radius


def polygon(x, y, corners):
    """Distance to a convex polygon whose corners run clockwise on the screen."""
    distance = None
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
        dx, dy = bx - ax, by - ay
        length = math.sqrt(dx * dx + dy * dy)
        edge = ((x - ax) * dy - (y - ay) * dx) / length
        distance = edge if distance is None else np.maximum(distance, edge)
    return distance


def union(*distances):
    """Distance to whatever is nearest."""
    nearest = distances[0]
    for distance in distances[1:]:
        nearest = np.minimum(nearest, distance)
    return nearest


def without(distance, hole):
    """Distance to a shape with another one cut out."""
    return np.maximum(distance, -hole)


def lens(x, y, half_length, half_height):
    """Distance to the overlap of two discs, pointed at left and right."""
    offset = (half_length * half_length - half_height * half_height) / (2.0 * half_height)
    radius = half_height + offset
    return np.maximum(disc(x, y, 0.0, offset, radius), disc(x, y, 0.0, -offset, radius))


# ---- the ten things of the target task ----------------------------------------------------------


def butterfly(x, y, vary):
    """Two pairs of wings on a body with feelers."""
    wing, tail = vary(0.38, 0.48), vary(0.26, 0.36)
    side = np.abs(x)
    return [
        (DARK, bar(side, y, 0.0, -0.45, 0.3, -0.9, 0.05)),
        (MAIN, ellipse(side, y, 0.5, -0.28, wing, vary(0.36, 0.5))),
        (MAIN, ellipse(side, y, 0.4, 0.45, tail, vary(0.3, 0.42))),
        (ACCENT, disc(side, y, 0.52, -0.28, vary(0.15, 0.24))),
        (DARK, bar(x, y, 0.0, -0.5, 0.0, 0.65, 0.1)),
    ]


def cup(x, y, vary):
    """A mug with a handle and a band."""
    height, foot = vary(0.5, 0.68), vary(0.0, 0.18)
    half_width = 0.52 - foot * (y + 0.6)
    body = np.maximum(np.abs(x + 0.15) - half_width, np.abs(y - 0.05) - height)
    band = np.maximum(body, np.abs(y - vary(-0.1, 0.25)) - vary(0.08, 0.16))
    return [
        (MAIN, ring(x, y, 0.45, 0.05, vary(0.27, 0.36), vary(0.07, 0.11))),
        (MAIN, body),
        (ACCENT, band),
        (DARK, ellipse(x, y, -0.15, 0.05 - height, 0.5, 0.12)),
    ]


def fish(x, y, vary):
    """A pointed body, a forked tail, a fin and an eye."""
    height = vary(0.32, 0.5)
    fork = vary(0.32, 0.48)
    tail = np.maximum(np.abs(y) - (x - 0.45) * fork * 1.6 - 0.06, x - 0.95)
    body = lens(x + 0.15, y, 0.8, height)
    stripe = np.maximum(body, np.abs(x - vary(0.0, 0.15)) - vary(0.06, 0.12))
    return [
        (ACCENT, polygon(x, y, [(-0.3, -0.25), (0.15, -0.62), (0.25, -0.2)])),
        (ACCENT, np.maximum(tail, 0.35 - x)),
        (MAIN, body),
        (ACCENT, stripe),
        (DARK, disc(x, y, -0.55, -0.06, 0.1)),
    ]


def flower(x, y, vary):
    """Five petals around a heart, on a stalk with a leaf."""
    reach, petal = vary(0.36, 0.44), vary(0.2, 0.27)
    petals = union(*(disc(x, y, reach * px, reach * py - 0.32, petal) for px, py in PENTAGON))
    return [
        (DARK, bar(x, y, 0.0, -0.2, vary(-0.15, 0.15), 0.95, 0.07)),
        (DARK, ellipse(x, y, 0.24, 0.55, 0.24, 0.11)),
        (MAIN, petals),
        (ACCENT, disc(x, y, 0.0, -0.32, vary(0.17, 0.24))),
    ]


def house(x, y, vary):
    """Walls, a gable roof, a door and a window."""
    half_width, eaves = vary(0.5, 0.7), vary(-0.2, 0.05)
    ridge = eaves - vary(0.5, 0.75)
    slope = (eaves - ridge) / (half_width + 0.18)
    roof = np.maximum((ridge - y + slope * np.abs(x)) / np.sqrt(1.0 + slope * slope), y - eaves)
    walls = np.maximum(np.abs(x) - half_width, np.maximum(eaves - y, y - 0.8))
    door = vary(-0.3, 0.0)
    return [
        (MAIN, walls),
        (ACCENT, roof),
        (DARK, box(x, y, door, 0.55, 0.13, 0.27)),
        (DARK, box(x, y, door + 0.42, 0.38, 0.12, 0.12)),
    ]


def key(x, y, vary):
    """A bow, a shaft and two teeth."""
    bow, tooth = vary(0.24, 0.34), vary(0.14, 0.22)
    last = vary(0.62, 0.82)
    shaft = union(
        bar(x, y, -0.3, 0.0, 0.85, 0.0, 0.09),
        box(x, y, last, tooth, 0.07, tooth),
        box(x, y, last - 0.26, tooth, 0.07, tooth),
    )
    return [
        (MAIN, shaft),
        (MAIN, ring(x, y, -0.55, 0.0, bow, vary(0.09, 0.13))),
        (ACCENT, ring(x, y, -0.55, 0.0, bow + 0.02, 0.035)),
    ]


def mushroom(x, y, vary):
    """A spotted cap on a thick stem."""
    rim, height = vary(0.0, 0.2), vary(0.6, 0.85)
    cap = np.maximum(ellipse(x, y, 0.0, rim, vary(0.7, 0.9), height), y - rim)
    spot = vary(0.1, 0.17)
    spots = union(
        disc(x, y, -0.36, rim - 0.26, spot),
        disc(x, y, 0.12, rim - 0.44, spot),
        disc(x, y, 0.45, rim - 0.2, spot),
    )
    stem = vary(0.18, 0.3)
    return [
        (ACCENT, np.maximum(np.abs(x) - stem - 0.12 * y * y, np.maximum(-y, y - 0.85))),
        (MAIN, cap),
        (ACCENT, np.maximum(spots, cap)),
    ]


def rabbit(x, y, vary):
    """A head with two long ears, eyes and a nose."""
    ear, spread = vary(0.38, 0.48), vary(0.22, 0.34)
    side = np.abs(x)
    tip = spread + vary(0.0, 0.2)
    return [
        (MAIN, bar(side, y, spread, -0.1, tip, -0.42 - ear, 0.18)),
        (ACCENT, bar(side, y, spread, -0.1, tip, -0.42 - ear, 0.08)),
        (MAIN, ellipse(x, y, 0.0, 0.32, vary(0.5, 0.62), vary(0.46, 0.56))),
        (DARK, disc(side, y, 0.22, 0.2, 0.1)),
        (ACCENT, ellipse(x, y, 0.0, 0.48, 0.13, 0.09)),
    ]


def tree(x, y, vary):
    """A fir of three tiers on a trunk."""
    flare = vary(0.75, 1.0)
    tiers = []
    for top, bottom, width in ((-0.95, -0.35, 0.5), (-0.65, 0.1, 0.66), (-0.3, 0.55, 0.8)):
        slope = (bottom - top) / (width * flare)
        side = (top - y + slope * np.abs(x)) / np.sqrt(1.0 + slope * slope)
        tiers.append(np.maximum(side, y - bottom))
    trunk = box(x, y, 0.0, 0.72, vary(0.09, 0.16), 0.22)
    return [(DARK, trunk), (MAIN, tiers[2]), (ACCENT, tiers[1]), (MAIN, tiers[0])]


def umbrella(x, y, vary):
    """A canopy with a scalloped rim over a hooked handle."""
    rim, height = vary(-0.15, 0.05), vary(0.6, 0.75)
    canopy = np.maximum(ellipse(x, y, 0.0, rim, vary(0.8, 0.95), height), y - rim)
    scallops = union(*(disc(x, y, cx, rim + 0.04, 0.19) for cx in (-0.58, 0.0, 0.58)))
    canopy = without(canopy, scallops)
    hook = np.maximum(ring(x, y, 0.17, 0.72, 0.17, 0.06), 0.72 - y)
    wedge = np.maximum(canopy, np.abs(x) - vary(0.14, 0.3) * (1.0 + y - rim + height))
    return [
        (DARK, union(box(x, y, 0.0, 0.2, 0.055, 0.55), hook)),
        (DARK, bar(x, y, 0.0, rim - height - 0.12, 0.0, rim - height + 0.1, 0.05)),
        (MAIN, canopy),
        (ACCENT, wedge),
    ]


TARGET = (butterfly, cup, fish, flower, house, key, mushroom, rabbit, tree, umbrella)


# ---- the twenty signs of the source task --------------------------------------------------------


def arrow(x, y, vary):
    """A shaft with a triangular head."""
    head = polygon(x, y, [(0.1, -0.6), (0.95, 0.0), (0.1, 0.6)])
    return [(MAIN, head), (ACCENT, box(x, y, -0.4, 0.0, 0.55, vary(0.12, 0.24)))]


def bow_tie(x, y, vary):
    """Two triangles that meet at a knot."""
    wings = np.maximum(np.abs(y) - vary(0.5, 0.8) * np.abs(x) - 0.08, np.abs(x) - 0.9)
    return [(MAIN, wings), (ACCENT, ellipse(x, y, 0.0, 0.0, 0.2, 0.24))]


def crescent(x, y, vary):
    """A moon."""
    moon = without(disc(x, y, 0.0, 0.0, 0.85), disc(x, y, vary(0.3, 0.5), -0.1, vary(0.62, 0.75)))
    return [(MAIN, moon), (ACCENT, disc(x, y, 0.35, 0.0, vary(0.06, 0.16)))]


def cross(x, y, vary):
    """Two beams."""
    beam = vary(0.15, 0.28)
    level = vary(-0.3, 0.0)
    return [(ACCENT, box(x, y, 0.0, level, 0.75, beam)), (MAIN, box(x, y, 0.0, 0.0, beam, 0.9))]


def drop(x, y, vary):
    """A drop of water with a glint."""
    belly = vary(0.48, 0.6)
    cone = np.maximum(np.abs(x) - belly * 0.62 * (y + 0.95), y - 0.25)
    return [
        (MAIN, union(disc(x, y, 0.0, 0.35, belly), cone)),
        (ACCENT, ellipse(x, y, -0.18, 0.35, 0.1, vary(0.14, 0.24))),
    ]


def dumbbell(x, y, vary):
    """Two weights on a bar."""
    weight = vary(0.25, 0.4)
    side = np.abs(x)
    return [
        (DARK, box(x, y, 0.0, 0.0, 0.6, 0.09)),
        (MAIN, box(side, y, 0.62, 0.0, 0.16, weight + 0.2)),
        (ACCENT, box(side, y, 0.85, 0.0, 0.09, weight)),
    ]


def envelope(x, y, vary):
    """A letter with its flap."""
    half_height = vary(0.45, 0.65)
    paper = box(x, y, 0.0, 0.0, 0.85, half_height)
    flap = np.abs(y + half_height - vary(0.6, 0.8) * (0.85 - np.abs(x))) - 0.07
    return [(MAIN, paper), (DARK, np.maximum(flap, paper))]


def eye(x, y, vary):
    """A lens with iris and pupil."""
    return [
        (MAIN, lens(x, y, 0.95, vary(0.42, 0.6))),
        (ACCENT, disc(x, y, vary(-0.2, 0.2), 0.0, 0.33)),
        (DARK, disc(x, y, 0.0, 0.0, vary(0.12, 0.2))),
    ]


def gear(x, y, vary):
    """A toothed wheel."""
    size = vary(0.18, 0.26)
    teeth = union(*(disc(x, y, 0.68 * px, 0.68 * py, size) for px, py in HEXAGON))
    wheel = union(disc(x, y, 0.0, 0.0, 0.62), teeth)
    return [(MAIN, without(wheel, disc(x, y, 0.0, 0.0, vary(0.22, 0.36))))]


def heart(x, y, vary):
    """Two lobes over a point."""
    lobe = vary(0.4, 0.48)
    side = np.abs(x)
    point = np.maximum((side * 1.1 + y - 0.85) * 0.67, 0.05 - y)
    return [
        (MAIN, union(disc(side, y, 0.38, -0.18, lobe), point)),
        (ACCENT, disc(x, y, -0.4, -0.25, vary(0.1, 0.2))),
    ]


def hexagon_nut(x, y, vary):
    """A six-sided nut with a round hole."""
    nut = polygon(x, y, [(0.85 * px, 0.85 * py) for px, py in HEXAGON])
    hole = vary(0.32, 0.46)
    return [
        (MAIN, without(nut, disc(x, y, 0.0, 0.0, hole))),
        (ACCENT, ring(x, y, 0.0, 0.0, hole + 0.1, 0.05)),
    ]


def hourglass(x, y, vary):
    """A glass of sand between two plates."""
    glass = np.maximum(np.abs(x) - vary(0.6, 0.8) * np.abs(y) - 0.06, np.abs(y) - 0.75)
    return [
        (MAIN, glass),
        (ACCENT, np.maximum(glass, vary(0.25, 0.5) - y)),
        (DARK, box(x, np.abs(y), 0.0, 0.82, 0.65, 0.09)),
    ]


def ladder(x, y, vary):
    """Two rails and four rungs."""
    half_width = vary(0.32, 0.5)
    rungs = union(*(box(x, y, 0.0, level, half_width, 0.07) for level in (-0.6, -0.2, 0.2, 0.6)))
    return [(ACCENT, rungs), (MAIN, box(np.abs(x), y, half_width, 0.0, 0.09, 0.95))]


def leaf(x, y, vary):
    """A pointed leaf with its veins."""
    blade = lens(x, y, 0.9, vary(0.3, 0.5))
    veins = union(
        box(x, y, 0.0, 0.0, 1.0, 0.05),
        np.abs(x - np.abs(y) * 1.2) - 0.05,
        np.abs(x - 0.45 - np.abs(y) * 1.2) - 0.05,
        np.abs(x + 0.45 - np.abs(y) * 1.2) - 0.05,
    )
    return [(MAIN, blade), (ACCENT, np.maximum(veins, blade + 0.03))]


def lightning(x, y, vary):
    """A bolt of two wedges."""
    width = vary(0.3, 0.45)
    upper = polygon(x, y, [(0.25, -0.95), (0.4, -0.95), (0.15, 0.12), (-0.5, 0.12)])
    lower = polygon(x, y, [(-0.15, -0.12), (0.5, -0.12), (-0.3, 0.95)])
    return [(MAIN, upper - 0.3 * width + 0.1), (MAIN, lower - 0.3 * width + 0.1)]


def mouth(x, y, vary):
    """A disc with a wedge cut out, and an eye."""
    wedge = np.maximum(np.abs(y) - vary(0.4, 0.9) * x, -x)
    return [
        (MAIN, without(disc(x, y, 0.0, 0.0, 0.85), wedge)),
        (DARK, disc(x, y, 0.1, -0.5, 0.13)),
    ]


def pennant(x, y, vary):
    """A flag on a pole."""
    drop_ = vary(0.35, 0.5)
    cloth = np.maximum(np.abs(y + 0.45) - drop_ * (1.0 - 0.6 * (x + 0.45)), x - 0.85)
    return [
        (MAIN, np.maximum(cloth, -0.45 - x)),
        (DARK, box(x, y, -0.52, 0.0, 0.08, 0.95)),
        (ACCENT, disc(x, y, -0.05, -0.45, vary(0.12, 0.2))),
    ]


def signal(x, y, vary):
    """A case with three lamps."""
    lamp = vary(0.16, 0.23)
    lamps = union(*(disc(x, y, 0.0, level, lamp) for level in (-0.56, 0.0, 0.56)))
    return [(MAIN, box(x, y, 0.0, 0.0, vary(0.3, 0.42), 0.9)), (ACCENT, lamps)]


def star(x, y, vary):
    """Five points."""
    waist = vary(0.25, 0.34)
    points = []
    for px, py in PENTAGON:
        across, along = np.abs(x * py - y * px), x * px + y * py
        points.append(np.maximum(across - waist * (0.95 - along), -along))
    return [(MAIN, union(*points)), (ACCENT, disc(x, y, 0.0, 0.0, vary(0.1, 0.2)))]


def target_rings(x, y, vary):
    """Rings around a bull's eye."""
    gap = vary(0.06, 0.11)
    return [
        (MAIN, disc(x, y, 0.0, 0.0, 0.9)),
        (ACCENT, ring(x, y, 0.0, 0.0, 0.55, gap)),
        (DARK, disc(x, y, 0.0, 0.0, vary(0.15, 0.25))),
    ]


SOURCE = (
    arrow,
    bow_tie,
    crescent,
    cross,
    drop,
    dumbbell,
    envelope,
    eye,
    gear,
    heart,
    hexagon_nut,
    hourglass,
    ladder,
    leaf,
    lightning,
    mouth,
    pennant,
    signal,
    star,
    target_rings,
)
