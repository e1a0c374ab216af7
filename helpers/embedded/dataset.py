"""The embedded data set on disk: prepared once, checked at every use, never half-made.

    folder = prepare()
    train, info = tfds.load(NAME, split="train", data_dir=folder, with_info=True)

TensorFlow and TFDS are imported only where something is prepared.
"""

import contextlib
import hashlib
import json
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np

NAME = "rendered_things"
SOURCE_NAME = "rendered_signs"
VERSION = "1.0.0"
IMAGES = {"train": 10_000, "test": 2_000}
CHECKSUMS = "checksums.json"
NEEDED_BYTES = 120_000_000
IN_CACHE = Path("transfer-learning-course", "tensorflow_datasets")  # below the user's cache
WORKSHOP = ".preparing-"  # how the name of a folder begins in which a data set is made

# SHA-256 of each split of `rendered_things`, see `fingerprint`. Another value is another data set.
FINGERPRINTS = {
    "train": "7c8332b9b5194f13a84df76297d47df459a44791778223d11241262c5da642b4",
    "test": "cd045eb79a392cf20afbe481e871a61ccac74c6a4df10c403f4f5612a07cebb0",
}


class DatasetNotPrepared(RuntimeError):
    """The embedded data set could not be written; the message says why and what to do."""


def default_data_dir() -> Path:
    """Return the folder in the user's cache that holds the embedded data sets."""
    import platformdirs

    return platformdirs.user_cache_path() / IN_CACHE


def dataset_folder(data_dir: str | Path | None = None, name: str = NAME) -> Path:
    """Return where the files of this version of a data set are, or would be."""
    root = default_data_dir() if data_dir is None else Path(data_dir)
    return root / name / VERSION


def is_prepared(data_dir: str | Path | None = None, name: str = NAME) -> bool:
    """Tell whether the data set is there, whole and unchanged (reads every byte, about 30 MB)."""
    folder = dataset_folder(data_dir, name)
    try:
        written = json.loads((folder / CHECKSUMS).read_text(encoding="utf-8"))
        return bool(written) and written == _checksums(folder)
    except (OSError, ValueError):
        return False


def prepare(data_dir: str | Path | None = None, name: str = NAME, *, progress: bool = True) -> Path:
    """Make sure that the data set is on disk, and register its builder with TFDS.

    It is rendered into a folder of its own and moved into place when it is whole, so nobody ever
    sees a part of it. A damaged one is replaced. Two processes may do this at once: the first one's
    files stay.

    Args:
        data_dir: TFDS's data directory; the user's cache if None.
        name: `rendered_things`, or `rendered_signs` for the source task.
        progress: show a progress bar while rendering.

    Returns:
        The data directory, for `tfds.load(name, data_dir=...)`.

    Raises:
        DatasetNotPrepared: the folder can't be written, or the disk is full.
    """
    from helpers.embedded import builder

    root = default_data_dir() if data_dir is None else Path(data_dir)
    if is_prepared(root, name):
        return root
    try:
        root.mkdir(parents=True, exist_ok=True)
        remove_leftovers(root, WORKSHOP)
        free = shutil.disk_usage(root).free
        if free < NEEDED_BYTES:
            raise OSError(f"{free / 1e6:.0f} MB are free, {NEEDED_BYTES / 1e6:.0f} MB are needed")
        workshop = Path(tempfile.mkdtemp(prefix=WORKSHOP, dir=root))
    except OSError as error:
        raise _not_prepared(name, root, error) from error
    try:
        made = builder.build(name, workshop, progress=progress)
        (made / CHECKSUMS).write_text(json.dumps(_checksums(made), indent=1), encoding="utf-8")
        _move_into_place(made, root, name, workshop)
    except builder.WRITE_ERRORS as error:
        raise _not_prepared(name, root, error) from error
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
    return root


def fingerprint(images: np.ndarray, labels: np.ndarray) -> str:
    """SHA-256 of images (uint8) and labels (as int64, little-endian), in the order of their ids."""
    digest = hashlib.sha256(np.ascontiguousarray(images, dtype=np.uint8).tobytes())
    digest.update(np.ascontiguousarray(labels, dtype="<i8").tobytes())
    return digest.hexdigest()


def _checksums(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
        if path.name != CHECKSUMS
    }


def _move_into_place(made: Path, root: Path, name: str, workshop: Path) -> None:
    place = dataset_folder(root, name)
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.exists() and not is_prepared(root, name):
        place.rename(workshop / "damaged")
    try:
        made.rename(place)
    except OSError:
        # Another process was faster. What it made is as good as ours, if it is whole.
        if not is_prepared(root, name):
            raise


def remove_leftovers(root: Path, prefix: str, older_than_seconds: float = 3600.0) -> None:
    """Remove the folders that a killed process left in `root`, by how their names begin."""
    for workshop in root.glob(f"{prefix}*"):
        with contextlib.suppress(FileNotFoundError):  # its own process may remove it right now
            if time.time() - workshop.stat().st_mtime > older_than_seconds:
                shutil.rmtree(workshop, ignore_errors=True)


def _not_prepared(name: str, root: Path, error: Exception) -> DatasetNotPrepared:
    return DatasetNotPrepared(
        f"The data set {name} could not be written to {root}: {error}. Nothing half-made was left "
        "there. Make room, or choose a folder on another disk that you may write to: with "
        "`data_dir=`, or for the user's cache with the environment variable XDG_CACHE_HOME (Linux)."
    )
