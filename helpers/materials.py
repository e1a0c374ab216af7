"""`course data`: which data sets and weights are on this disk; get them, verify them.

Nothing here is downloaded unless somebody asks for it by name.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from helpers import cifar10, densenet
from helpers.embedded import dataset as embedded
from helpers.embedded import densenet as compact

HERE, MISSING, DAMAGED = "here", "not here", "damaged"
COLOURS = {HERE: "green", MISSING: "yellow", DAMAGED: "bold red"}


@dataclass(frozen=True)
class Material:
    """A data set or a file of weights that the course can use.

    Attributes:
        name: what it is called on the command line.
        title: what it is.
        place: its file or folder, there or not.
        size: about how large it is.
        find_fault: returns in a few words what a quick look finds missing or wrong, or None.
        verify: the same after reading all of it.
        get: brings it to its place; None for what is shipped with the course.
    """

    name: str
    title: str
    place: Path
    size: str
    find_fault: Callable[[], str | None]
    verify: Callable[[], str | None]
    get: Callable[[], object] | None = None

    @property
    def state(self) -> str:
        """`here`, `not here` or `damaged`, by a quick look."""
        if not self.place.exists():
            return MISSING
        return DAMAGED if self.find_fault() else HERE


def materials() -> dict[str, Material]:
    """Return everything that the course can use, by name."""
    listed = (
        Material(
            "cifar10",
            "CIFAR-10, prepared by TensorFlow Datasets",
            cifar10.prepared_folder(),
            "about 170 MB to download, 130 MB on disk",
            cifar10.find_fault,
            _verify_cifar10,
            lambda: cifar10.ensure_prepared(download=True),
        ),
        Material(
            "densenet201",
            "ImageNet weights of DenseNet201",
            densenet.imagenet_weights_path(),
            "about 74 MB to download",
            _find_fault_in_imagenet_weights,
            _find_fault_in_imagenet_weights,
            densenet.download_imagenet_weights,
        ),
        Material(
            embedded.NAME,
            "the embedded data set, drawn on this machine at first use",
            embedded.dataset_folder(),
            "no download, 30 MB on disk",
            _verify_embedded,
            _verify_embedded,
            embedded.prepare,
        ),
        Material(
            compact.NAME,
            "weights of the embedded network, shipped with the course",
            compact.WEIGHTS,
            "2 MB",
            lambda: None,
            _verify_compact,
        ),
    )
    return {material.name: material for material in listed}


def list_materials() -> int:
    """Print what is here and where it belongs; the command `course data`."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("name", "what", "state", "size")
    known = materials()
    for material in known.values():
        state = material.state
        table.add_row(material.name, material.title, Text(state, COLOURS[state]), material.size)
    console = Console(highlight=False)
    console.print(table)
    for material in known.values():
        # A path has to stay in one piece to be copied, so nothing here is wrapped.
        console.print(f"{material.name}: {material.place}", markup=False, soft_wrap=True)
    console.print(
        "\n`course data get NAME` fetches one of them, `course data verify` reads all of them.\n"
        "For a machine without a network: run `course data get` on one that has a network, then "
        "copy the file or folder to the path that `course data` shows on the other machine. The "
        "environment variables TFDS_DATA_DIR (images) and KERAS_HOME (weights) say where to look.",
        markup=False,
        soft_wrap=True,
    )
    return 0


def get_material(name: str) -> int:
    """Bring one thing to its place, unless it is there; the command `course data get`.

    Returns:
        The exit status: 0, or 1 if it could not be had, with the reason printed.
    """
    from rich.console import Console

    console = Console(highlight=False)
    material = _find(name, console)
    if material is None:
        return 1
    if material.state == HERE:
        _say(console, f"{name} is here: {material.place}")
        return 0
    if material.get is None:
        _say(console, f"{name} is part of the course. `git checkout -- helpers` brings it back.")
        return 1
    if material.state == DAMAGED and name != embedded.NAME:  # the embedded one mends itself
        _say(console, f"{material.place} is damaged: {material.find_fault()}.")
        _say(console, "Nothing was deleted. Move it away, then give the same command again.")
        return 1
    try:
        material.get()
    except (cifar10.DataNotFoundError, densenet.WeightsError, embedded.DatasetNotPrepared) as error:
        _say(console, str(error))
        return 1
    _say(console, f"{name} is here now: {material.place}")
    return 0


def verify_materials(name: str | None = None) -> int:
    """Read everything that is here, and say what is whole; the command `course data verify`.

    Returns:
        The exit status: 0, or 1 if something is damaged or if the one that was named is missing.
    """
    from rich.console import Console

    console = Console(highlight=False)
    if name is None:
        chosen = list(materials().values())
    else:
        material = _find(name, console)
        if material is None:
            return 1
        chosen = [material]
    status = 0
    for material in chosen:
        if not material.place.exists():
            _say(console, f"{material.name}: not here ({material.place})")
            status |= int(name is not None)
        elif fault := material.find_fault() or material.verify():
            _say(console, f"{material.name}: DAMAGED, {fault} ({material.place})")
            status = 1
        else:
            _say(console, f"{material.name}: whole")
    return status


def _find(name: str, console) -> Material | None:
    known = materials()
    if name not in known:
        _say(console, f"There is nothing named {name!r}. Choose one of: {', '.join(known)}.")
        return None
    return known[name]


def _say(console, text: str) -> None:
    console.print(text, markup=False, soft_wrap=True)


def _verify_cifar10() -> str | None:
    """Read every record; TensorFlow compares the checksum that each one carries."""
    from rich.progress import track

    from helpers.quiet import import_tensorflow

    import_tensorflow()
    import tensorflow as tf

    folder = cifar10.prepared_folder()
    files = sorted(str(path) for path in folder.glob("*.tfrecord-*"))
    try:
        for file in track(files, description="Reading CIFAR-10"):
            for _ in tf.data.TFRecordDataset(file).batch(1000):
                pass
    except tf.errors.DataLossError as error:
        return f"a record does not match its checksum ({error.message})"
    return None


def _find_fault_in_imagenet_weights() -> str | None:
    content = densenet.imagenet_weights_path().read_bytes()
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if found == densenet.IMAGENET_WEIGHTS_MD5:
        return None
    return f"its MD5 checksum is {found} instead of {densenet.IMAGENET_WEIGHTS_MD5}"


def _verify_embedded() -> str | None:
    return None if embedded.is_prepared() else "its files do not match their checksums"


def _verify_compact() -> str | None:
    from helpers.quiet import import_tensorflow

    import_tensorflow()
    try:
        compact.build_compact_densenet()
    except ValueError as error:
        return str(error)
    return None
