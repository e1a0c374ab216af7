"""Figures that look into a backbone: how it is built, what its features see, which weights moved.

Each returns a figure that says in words what it shows; as the last line of a cell it is shown.
"""

import re
from typing import TYPE_CHECKING, NamedTuple

from helpers.figures import COLOURS, GREY, new_figure

if TYPE_CHECKING:
    import keras
    import numpy as np

    from helpers.data import Splits
    from helpers.figures import DescribedFigure

IMAGES_AT_ONCE = 250
DRAWN_LAYERS = 4  # of a dense block, at most; more arrows cannot be told apart
TIMES = "\N{MULTIPLICATION SIGN}"


class Block(NamedTuple):
    """A part of a DenseNet backbone.

    Attributes:
        name: `stem`, `dense block 1`, `transition 1` and so on.
        prefix: how the names of its layers begin, such as `conv2`; what `unfreeze_backbone` takes.
        layers: in the order in which images pass them.
    """

    name: str
    prefix: str
    layers: "list[keras.layers.Layer]"


def blocks_of(backbone: "keras.Model") -> list[Block]:
    """Return the parts of a DenseNet backbone, from the images on.

    The batch normalization and ReLU behind the last dense block count as part of it.

    Raises:
        ValueError: the names of the layers are not those of a DenseNet.
    """
    blocks = [Block("stem", "conv1", [])]
    for layer in backbone.layers:
        found = re.match(r"(conv|pool)([2-9])_", layer.name)
        if found and found[0][:-1] != blocks[-1].prefix:
            kind = {"conv": "dense block", "pool": "transition"}[found[1]]
            blocks.append(Block(f"{kind} {int(found[2]) - 1}", found[0][:-1], []))
        blocks[-1].layers.append(layer)
    if len(blocks) < 2:
        raise ValueError(
            "This is not a DenseNet backbone: no layer is called conv2_... Pass the backbone that "
            "`densenet.build_backbone` returned, not the model around it."
        )
    return blocks


# ---- how it is built ----------------------------------------------------------------------------


def show_dense_block(backbone: "keras.Model", *, caption: str = "") -> "DescribedFigure":
    """Draw how channels grow through dense blocks and are halved by transitions.

    The numbers are read from the layers of the backbone. On the left one dense block is drawn: each
    layer reads all outputs before it (Huang et al., CVPR 2017, figures 1 and 2).

    Args:
        backbone: a DenseNet backbone.
        caption: shown small at the bottom.

    Raises:
        ValueError: this is not a DenseNet backbone.
    """
    blocks = blocks_of(backbone)
    caption = caption or f"{backbone.count_params():,} parameters, read from the layers"
    figure, (block_axes, growth_axes) = new_figure(10.0, 3.9, columns=2, caption=caption)
    block_axes.get_gridspec().set_width_ratios((1, 1.5))
    growth = _draw_one_block(block_axes, blocks)
    told = _draw_channels(growth_axes, blocks)
    figure.alt = (
        f"In a dense block each layer reads the outputs of all layers before it and adds {growth} "
        f"channels. {told}"
    )
    return figure


def _draw_one_block(axes, blocks: list[Block]) -> int:
    """Draw the first dense block, or the beginning of it; return the channels that a layer adds."""
    from matplotlib.patches import FancyArrowPatch

    (concatenations,) = (_channel_steps(b) for b in blocks if b.name == "dense block 1")
    start = _channels(blocks[0].layers[-1])
    growth = concatenations[0] - start
    drawn = min(DRAWN_LAYERS, len(concatenations))
    labels = [f"input\n{start}"] + [f"layer {n}\n+{growth}" for n in range(1, drawn + 1)]
    for place, label in enumerate(labels):
        axes.text(
            place,
            0.0,
            label,
            ha="center",
            va="center",
            fontsize=8,
            bbox={"boxstyle": "round", "facecolor": "white", "edgecolor": COLOURS[place % 6]},
            zorder=3,
        )
        for later in range(place + 1, len(labels)):
            # All from the top of a box, and higher the farther they reach.
            arrow = FancyArrowPatch(
                (place + 0.1, 0.14),
                (later - 0.1, 0.14),
                connectionstyle=f"arc3,rad=-{0.35 if later == place + 1 else 0.5}",
                arrowstyle="-|>",
                mutation_scale=8,
                color=COLOURS[place % 6],
            )
            axes.add_patch(arrow)
    axes.set(xlim=(-0.5, drawn + 0.5), ylim=(-0.5, 1.3))
    axes.set_axis_off()
    which = (
        "" if drawn == len(concatenations) else f", first {drawn} of {len(concatenations)} layers"
    )
    axes.set_title(
        f"Each layer reads all outputs before it\n(dense block 1{which})", fontsize="medium"
    )
    axes.text(
        drawn / 2,
        -0.35,
        f"side by side: {start} + {drawn} {TIMES} {growth} = {concatenations[drawn - 1]} channels",
        ha="center",
        fontsize=8,
    )
    return growth


def _draw_channels(axes, blocks: list[Block]) -> str:
    """Draw channels layer by layer, with the blocks shaded; return what is seen."""
    start, told, heights = 0, [], []
    for block in blocks:
        steps = _channel_steps(block)
        places = range(start, start + len(steps))
        kind = block.name.split()[0]
        colour = {"stem": GREY, "dense": COLOURS[0], "transition": COLOURS[1]}[kind]
        axes.axvspan(start - 0.5, places[-1] + 0.5, color=colour, alpha=0.12, linewidth=0)
        axes.plot(places, steps, "o", color=colour, markersize=4)
        if kind == "transition":
            told.append(f"{block.name} halves them to {steps[-1]}")
            axes.plot([start - 1, start], [heights[-1], steps[-1]], "--", color=colour)
        elif kind == "dense":
            told.append(f"{block.name} takes {heights[-1]} channels to {steps[-1]}")
            height, width = block.layers[-1].output.shape[1:3]
            axes.annotate(
                f"{block.name.removeprefix('dense ')}\n{height}{TIMES}{width} px",
                ((start + places[-1]) / 2, 1.0),
                xycoords=("data", "axes fraction"),
                ha="center",
                va="top",
                fontsize=7,
            )
        heights += steps
        axes.annotate(
            f"{steps[-1]}",
            (places[-1], steps[-1]),
            xytext=(0, -5 if kind == "transition" else 5),
            textcoords="offset points",
            ha="center",
            va="top" if kind == "transition" else "bottom",
            fontsize=8,
            color=colour,
        )
        start = places[-1] + 1
    axes.set(xlabel="Layer (stem, layers of dense blocks, transitions)", ylabel="Channels")
    axes.set_ylim(-0.07 * max(heights), 1.25 * max(heights))
    axes.set_title("Dense blocks let channels grow, transitions halve them", fontsize="medium")
    return f"The stem gives {heights[0]} channels; " + "; ".join(told) + "."


def _channel_steps(block: Block) -> list[int]:
    """Return the channels after each layer of a dense block, or at the end of any other block."""
    steps = [_channels(layer) for layer in block.layers if layer.name.endswith("_concat")]
    return steps or [_channels(block.layers[-1])]


def _channels(layer: "keras.layers.Layer") -> int:
    return layer.output.shape[-1]


# ---- what its features see ----------------------------------------------------------------------


class Neighbours(NamedTuple):
    """The nearest training images of some images in a space of features.

    Attributes:
        rows: int64 of shape (images, neighbours): which training images, from the nearest on.
        share: how many of them have the class of the image, in [0, 1].
    """

    rows: "np.ndarray"
    share: float


def show_neighbours(
    backbone: "keras.Model",
    preprocessing: "keras.layers.Layer",
    splits: "Splits",
    *,
    rows: int = 4,
    neighbours: int = 4,
    queries: int = 100,
    candidates: int = 1_000,
    seed: int = 0,
) -> "DescribedFigure":
    """Draw validation images with the training images that the features call most similar.

    Similar means a small angle between the features, averaged over the feature map. On the left the
    features come from the same network with random weights, on the right from `backbone`. The
    images that are drawn are the first of their class, not chosen.

    Args:
        backbone: a pretrained backbone; it is not changed.
        preprocessing: the layer that belongs in front of it.
        splits: the images.
        rows: validation images that are drawn, each of another class.
        neighbours: training images beside each.
        queries: validation images from which the shares in the title are computed.
        candidates: training images among which the neighbours are looked for.
        seed: of the random weights.
    """
    import numpy as np

    images, labels = _first_train_images(splits, candidates)
    pictures, classes = _first_validation_images(splits, queries)
    networks = {
        "random weights": untrained_twin(backbone, preprocessing(images[:IMAGES_AT_ONCE]), seed),
        "pretrained": backbone,
    }
    found = {
        name: _find_neighbours(
            _pooled_features(network, preprocessing, images),
            _pooled_features(network, preprocessing, pictures),
            labels,
            classes,
            neighbours,
        )
        for name, network in networks.items()
    }
    chosen = np.sort(np.unique(classes, return_index=True)[1])[:rows]
    figure = _draw_neighbours(splits, images, labels, pictures, classes, found, chosen)
    shares = " and ".join(f"{100 * one.share:.0f} % with {name}" for name, one in found.items())
    shares = shares.replace("with pretrained", "pretrained")
    guess = np.mean([(labels == one).mean() for one in classes])
    figure.suptitle(f"Neighbours of the same class: {shares}\n", fontsize=13)
    figure.alt = (
        f"Of the {neighbours} nearest of {len(images):,} training images, {shares} have the class "
        f"of the validation image; {100 * guess:.0f} % would be chance. Over {len(classes)} "
        f"validation images. {splits.caption}"
    )
    return figure


def untrained_twin(backbone: "keras.Model", pictures: "np.ndarray", seed: int = 0) -> "keras.Model":
    """Build the same network with random weights, its batch normalization fitted to some images.

    Without fitting, the moving statistics would be those of no data at all, and the features of a
    deep network would vanish; that would be too weak an opponent.

    Args:
        backbone: the network to copy; it is not changed.
        pictures: images as the backbone takes them, float32 of shape (n, height, width, 3).
        seed: of the weights (He et al., ICCV 2015, equation 10).
    """
    import keras
    import numpy as np

    twin = keras.models.clone_model(backbone)
    random = np.random.default_rng(seed)
    for weight in twin.weights:
        if weight.name == "kernel":
            spread = np.sqrt(2.0 / np.prod(weight.shape[:-1]))
            weight.assign(random.normal(0.0, spread, weight.shape))
    for layer in twin.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = True  # the layer that was copied may be frozen
            layer.momentum = 0.0  # the moving statistics become those of this batch
    twin(pictures, training=True)
    return twin


def _first_train_images(splits: "Splits", count: int) -> "tuple[np.ndarray, np.ndarray]":
    """Return training images in [0, 1] and their classes."""
    import numpy as np

    images, labels = zip(*splits.raw_train.take(count).as_numpy_iterator(), strict=True)
    return np.stack(images) / np.float32(255.0), np.array(labels)


def _first_validation_images(splits: "Splits", count: int) -> "tuple[np.ndarray, np.ndarray]":
    """Return validation images in [0, 1] and their classes."""
    import numpy as np

    read = splits.validation.unbatch().take(count).as_numpy_iterator()
    images, labels = zip(*read, strict=True)
    return np.stack(images), np.argmax(labels, axis=1)


def _pooled_features(
    backbone: "keras.Model", preprocessing: "keras.layers.Layer", images: "np.ndarray"
) -> "np.ndarray":
    """Return the features of images, averaged over the feature map: float32 (n, channels)."""
    import numpy as np

    pooled = [
        np.mean(backbone(preprocessing(images[start : start + IMAGES_AT_ONCE])), axis=(1, 2))
        for start in range(0, len(images), IMAGES_AT_ONCE)
    ]
    return np.concatenate(pooled)


def _find_neighbours(
    features: "np.ndarray",
    wanted: "np.ndarray",
    labels: "np.ndarray",
    classes: "np.ndarray",
    count: int,
) -> Neighbours:
    """Return for each wanted row the rows of `features` with the largest cosine."""
    import numpy as np

    def to_unit_length(array: np.ndarray) -> np.ndarray:
        return array / np.maximum(np.linalg.norm(array, axis=1, keepdims=True), 1e-12)

    cosines = to_unit_length(wanted) @ to_unit_length(features).T
    rows = np.argsort(-cosines, axis=1, kind="stable")[:, :count]
    return Neighbours(rows, float((labels[rows] == classes[:, np.newaxis]).mean()))


def _draw_neighbours(splits, images, labels, pictures, classes, found, chosen):
    """Draw a row for each chosen image: the image, then its neighbours in each of the spaces."""
    count = next(iter(found.values())).rows.shape[1]
    widths = [1.0] + len(found) * ([0.25] + count * [1.0])  # with a gap before each space
    figure, axes = new_figure(
        1.1 * sum(widths), 1.35 * len(chosen) + 1.0, rows=len(chosen), columns=len(widths)
    )
    axes = axes.reshape(len(chosen), len(widths))
    axes[0, 0].get_gridspec().set_width_ratios(widths)
    figure.supxlabel(f"{splits.caption}. Blue frame: same class.", fontsize="small", color=GREY)
    for row, query in zip(axes, chosen, strict=True):
        _draw_picture(row[0], pictures[query], splits.class_names[classes[query]], "black")
        for space, neighbours in enumerate(found.values()):
            gap = 1 + space * (count + 1)
            row[gap].set_axis_off()
            for axis, place in zip(row[gap + 1 :], neighbours.rows[query], strict=False):
                frame = COLOURS[0] if labels[place] == classes[query] else None
                _draw_picture(axis, images[place], splits.class_names[labels[place]], frame)
    for space, name in enumerate(found):
        heading = axes[0, 2 + space * (count + 1)].annotate(
            name, (0.0, 1.25), xycoords="axes fraction", fontsize=11, annotation_clip=False
        )
        heading.set_in_layout(False)  # it is wider than the picture below it
    return figure


def _draw_picture(axis, picture, label: str, frame: str | None) -> None:
    axis.imshow(picture, interpolation="nearest")
    axis.grid(False)
    axis.set(xticks=[], yticks=[])
    for spine in axis.spines.values():
        spine.set(visible=frame is not None, color=frame, linewidth=3)
    axis.set_title(label, fontsize=8, pad=3, color=frame or GREY)


# ---- which weights moved ------------------------------------------------------------------------


def show_moved_weights(
    backbone: "keras.Model", before: "list[np.ndarray]", *, caption: str = ""
) -> "DescribedFigure":
    """Draw for each block by how much training changed its filters, relative to their size.

    Args:
        backbone: a DenseNet backbone, now.
        before: what `backbone.get_weights()` returned before training.
        caption: data set and profile, as `splits.caption` says them.

    Raises:
        ValueError: the weights are not those of this backbone, or it is not a DenseNet.
    """
    changes = relative_changes(backbone, before)
    moved = _moved_normalizations(backbone, before)
    figure, axes = new_figure(7.0, 0.36 * len(changes) + 1.6, caption=caption)
    percent = [100 * change for change in changes.values()]
    bars = axes.barh(list(changes), percent, color=COLOURS[0])
    axes.bar_label(bars, [_percent(value) for value in percent], padding=3, fontsize=8)
    axes.invert_yaxis()
    axes.grid(False, axis="y")
    axes.set_xlabel("Change of the filters (% of their size before)")
    axes.set_xlim(0, 1.2 * max(percent) or 1.0)
    most = max(changes, key=changes.get)
    if changes[most] == 0.0:
        title = "No filter moved: frozen, or not compiled again"
    else:
        title = f"Moved most: {most}, by {_percent(100 * changes[most])}"
    still = f"changed in {moved} layer{'s' * (moved > 1)}" if moved else "held still"
    axes.set_title(f"{title}\nBatch normalization: {still}", fontsize="medium")
    each = ", ".join(f"{name} {_percent(100 * change)}" for name, change in changes.items())
    figure.alt = f"{title}. Batch normalization: {still}. Change of the filters: {each}. {caption}"
    return figure


def relative_changes(backbone: "keras.Model", before: "list[np.ndarray]") -> dict[str, float]:
    """Return by block how far its filters moved: norm of the difference, over the norm before.

    Args:
        backbone: a DenseNet backbone, now.
        before: what `backbone.get_weights()` returned before training.

    Raises:
        ValueError: the weights are not those of this backbone, or it is not a DenseNet.
    """
    import numpy as np

    old = _weights_before(backbone, before)
    changes = {}
    for block in blocks_of(backbone):
        kernels = [w for layer in block.layers for w in layer.weights if w.name == "kernel"]
        moved = sum(np.sum((w.numpy() - old[w.path]) ** 2, dtype=float) for w in kernels)
        size = sum(np.sum(old[w.path] ** 2, dtype=float) for w in kernels)
        changes[f"{block.name} ({block.prefix})"] = float(np.sqrt(moved / size))
    return changes


def _moved_normalizations(backbone: "keras.Model", before: "list[np.ndarray]") -> int:
    """Return how many batch normalization layers changed, statistics included."""
    import keras
    import numpy as np

    old = _weights_before(backbone, before)
    return sum(
        any(not np.array_equal(weight.numpy(), old[weight.path]) for weight in layer.weights)
        for layer in backbone.layers
        if isinstance(layer, keras.layers.BatchNormalization)
    )


def _weights_before(backbone: "keras.Model", before: "list[np.ndarray]") -> "dict[str, np.ndarray]":
    """Return the weights before by the path of the variable."""
    shapes = [tuple(weight.shape) for weight in backbone.weights]
    if [array.shape for array in before] != shapes:
        raise ValueError(
            f"`before` holds {len(before)} arrays that are not the weights of this backbone. "
            "Before training, keep them: before = backbone.get_weights()."
        )
    return dict(zip((weight.path for weight in backbone.weights), before, strict=True))


def _percent(value: float) -> str:
    """Return a share in per cent with two digits that count; small ones are the rule here."""
    return f"{value:#.2g} %" if 0 < value < 10 else f"{value:.0f} %"
