"""TFDS builders of the target task (`rendered_things`) and the source task (`rendered_signs`).

Importing this module registers both names with `tfds.load`. `helpers.embedded.dataset.prepare` does
it for you, and sees to it that nothing half-made is ever loaded.
"""

import contextlib
import inspect
import io
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import tensorflow as tf
import tensorflow_datasets as tfds

from helpers.embedded import dataset, render

# What is raised when a file can't be written. TFDS wraps TensorFlow's errors in a RuntimeError.
WRITE_ERRORS = (OSError, tf.errors.OpError, RuntimeError)

SPLIT_SEEDS = {"train": 0, "test": 1}


class _Rendered(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """Images that are drawn instead of downloaded."""

    VERSION = tfds.core.Version(dataset.VERSION)
    TASK: render.Task
    on_image: Callable[[], None] = staticmethod(lambda: None)

    def _info(self) -> tfds.core.DatasetInfo:
        return tfds.core.DatasetInfo(
            builder=self,
            description=inspect.cleandoc(self.__doc__),
            homepage="helpers/embedded/README.md",
            features=tfds.features.FeaturesDict(
                {
                    "id": tfds.features.Text(),
                    "image": tfds.features.Image(shape=(render.SIZE, render.SIZE, 3)),
                    "label": tfds.features.ClassLabel(names=self.TASK.class_names),
                }
            ),
            supervised_keys=("image", "label"),
            license="MIT",
        )

    def _split_generators(self, dl_manager) -> dict:
        return {split: self._generate_examples(split) for split in SPLIT_SEEDS}

    def _generate_examples(self, split: str) -> Iterator[tuple[int, dict]]:
        count = dataset.IMAGES[split]
        index = 0
        for images, labels in _chunks(self.TASK, SPLIT_SEEDS[split], -(-count // render.CHUNK)):
            for image, label in zip(images, labels, strict=True):
                if index == count:
                    return
                yield index, {"id": f"{split}_{index:05d}", "image": image, "label": int(label)}
                index += 1
                self.on_image()


class RenderedThings(_Rendered):
    """Ten kinds of things, drawn by a program: the course's data set for work without a network.

    32x32 colour pictures of butterflies, cups, fish, flowers, houses, keys, mushrooms, rabbits,
    trees and umbrellas. These are drawings. They are not CIFAR-10, and numbers measured on them say
    nothing about CIFAR-10.
    """

    TASK = render.TARGET


class RenderedSigns(_Rendered):
    """Twenty kinds of signs, drawn by a program: the task that the compact DenseNet learned first.

    No class of `rendered_things` is among them, and colours and backgrounds are others. These are
    drawings; they are not ImageNet.
    """

    TASK = render.SOURCE


BUILDERS = {dataset.NAME: RenderedThings, dataset.SOURCE_NAME: RenderedSigns}


def build(name: str, folder: Path, *, progress: bool) -> Path:
    """Render a data set with TFDS; return the folder with its files."""
    from rich.console import Console
    from rich.progress import Progress
    from tensorflow_datasets.core.utils import tqdm_utils

    builder = BUILDERS[name](data_dir=folder)
    bar = Progress(
        console=Console(file=sys.stdout),
        disable=not progress,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    # TFDS would announce a download of unknown size and draw three bars without an end.
    shown = tqdm_utils._active
    tfds.disable_progress_bar()
    try:
        with bar, contextlib.redirect_stdout(io.StringIO()):
            task = bar.add_task(f"Rendering {name}", total=sum(dataset.IMAGES.values()))
            builder.on_image = lambda: bar.advance(task)
            builder.download_and_prepare()
    finally:
        tfds.display_progress_bar(shown)
    return Path(builder.data_dir)


def _chunks(task: render.Task, split: int, count: int) -> Iterator[tuple]:
    """Draw the chunks in order, the next one while TFDS writes the last one."""
    with ThreadPoolExecutor(1) as renderer:
        waiting = renderer.submit(render.render_chunk, task, split, 0)
        for chunk in range(count):
            ready = waiting.result()
            if chunk + 1 < count:
                waiting = renderer.submit(render.render_chunk, task, split, chunk + 1)
            yield ready
