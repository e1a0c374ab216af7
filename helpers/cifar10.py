"""CIFAR-10 on disk: is it there, is it whole, how to get it. `helpers.data` makes splits of it.

Krizhevsky, *Learning multiple layers of features from tiny images*, 2009. TensorFlow Datasets
downloads and converts it; the functions here tell in plain words what stands in the way.
"""

import json
import os
from pathlib import Path

VERSION = "3.0.2"
ARCHIVE = "cifar-10-binary.tar.gz"
DOWNLOAD_PAGE = "https://www.cs.toronto.edu/~kriz/cifar.html"
ARCHIVE_URL = f"https://www.cs.toronto.edu/~kriz/{ARCHIVE}"
TFRECORD_OVERHEAD = 16  # bytes a record: its length and two checksums


class DataNotFoundError(FileNotFoundError):
    """The images are not on this machine, or not whole; the message tells how to get them."""


def data_directory(data_dir: str | os.PathLike | None = None) -> Path:
    """Return the folder of TensorFlow Datasets: `data_dir`, `TFDS_DATA_DIR`, or its default."""
    # TensorFlow Datasets itself reads the variable only once, when it is imported.
    chosen = data_dir or os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets"
    return Path(chosen).expanduser()


def prepared_folder(data_dir: str | os.PathLike | None = None) -> Path:
    """Return where the prepared data set belongs, there or not."""
    return data_directory(data_dir) / "cifar10" / VERSION


def archive_path(data_dir: str | os.PathLike | None = None) -> Path:
    """Return where TensorFlow Datasets looks for the archive before it downloads, there or not."""
    return data_directory(data_dir) / "downloads" / "manual" / ARCHIVE


def is_prepared(data_dir: str | os.PathLike | None = None) -> bool:
    """Tell whether a whole, prepared CIFAR-10 is on disk. Takes milliseconds and reads no image."""
    return prepared_folder(data_dir).exists() and find_fault(data_dir) is None


def find_fault(data_dir: str | os.PathLike | None = None) -> str | None:
    """Say what the prepared folder lacks, by the files and sizes that its own description lists.

    Returns:
        The fault in a few words, or None if everything is there.
    """
    folder = prepared_folder(data_dir)
    for name in ("dataset_info.json", "features.json", "label.labels.txt"):
        if not (folder / name).is_file():
            return f"{name} is missing"
    try:
        described = json.loads((folder / "dataset_info.json").read_text(encoding="utf-8"))
        splits = {split["name"]: split for split in described["splits"]}
        for name in ("train", "test"):
            lengths = [int(length) for length in splits[name]["shardLengths"]]
            size = int(splits[name]["numBytes"]) + TFRECORD_OVERHEAD * sum(lengths)
            if fault := _find_fault_in_shards(folder, name, len(lengths), size):
                return fault
    except (ValueError, KeyError, TypeError) as error:
        return f"dataset_info.json is damaged ({type(error).__name__}: {error})"
    return None


def _find_fault_in_shards(folder: Path, split: str, shards: int, size: int) -> str | None:
    names = [f"cifar10-{split}.tfrecord-{n:05d}-of-{shards:05d}" for n in range(shards)]
    for name in names:
        if not (folder / name).is_file():
            return f"{name} is missing"
    found = sum((folder / name).stat().st_size for name in names)
    return None if found == size else f"{', '.join(names)}: {found:,} bytes instead of {size:,}"


def ensure_prepared(data_dir: str | os.PathLike | None = None, *, download: bool) -> None:
    """Return if a whole CIFAR-10 is on disk; otherwise prepare it, or tell how to get it.

    An archive that somebody saved at `archive_path` is prepared without any network.

    Args:
        data_dir: folder of TensorFlow Datasets.
        download: whether the archive may be downloaded.

    Raises:
        DataNotFoundError: with the reason, the file, its source, and where to put it. Nothing that
            was on disk is changed or deleted.
    """
    folder, archive = prepared_folder(data_dir), archive_path(data_dir)
    if folder.exists():
        if fault := find_fault(data_dir):
            raise DataNotFoundError(
                f"The prepared CIFAR-10 in {folder} is not whole: {fault}. Copying or preparing it "
                "was probably broken off. Nothing was deleted: move that folder away, then load "
                "again.\n" + _how_to_get_it(data_dir)
            )
        return
    if not download and not archive.is_file():
        raise DataNotFoundError(
            f"There is no CIFAR-10 in {folder}, and this profile downloads nothing by itself.\n"
            + _how_to_get_it(data_dir)
        )
    import tensorflow_datasets as tfds

    try:
        if not archive.is_file():
            _check_source()
        tfds.builder("cifar10", data_dir=data_directory(data_dir)).download_and_prepare()
    except Exception as error:  # no network, a proxy's page, a broken archive, a full disk, ...
        reason = f"{type(error).__name__}: {error}"
        if type(error).__name__ == "NonMatchingChecksumError":
            reason = (
                "the file that came is not the archive, but cut off, damaged, or a page that a "
                f"proxy sent instead. If it lies in {archive.parent}, replace it. ({reason})"
            )
        raise DataNotFoundError(
            f"CIFAR-10 could not be prepared in {folder}: {reason}\n" + _how_to_get_it(data_dir)
        ) from error


def _check_source() -> None:
    """Raise at once if the archive cannot be had; TensorFlow Datasets would retry for minutes."""
    import requests

    with requests.get(ARCHIVE_URL, stream=True, timeout=20) as response:
        response.raise_for_status()
        if response.raw.read(2) != b"\x1f\x8b":  # how every gzip file begins
            raise OSError(
                f"{ARCHIVE_URL} answered with {response.headers.get('Content-Type')} instead of an "
                "archive; perhaps a proxy or a log-in page is in the way"
            )


def _how_to_get_it(data_dir: str | os.PathLike | None) -> str:
    return (
        f"What is needed: {ARCHIVE} (about 170 MB) from {DOWNLOAD_PAGE}\n"
        "Ways to get it:\n"
        "  - with a network: `course data get cifar10` downloads and prepares it, and so does\n"
        "    COURSE_PROFILE=full by itself;\n"
        f"  - by hand: save the file, not unpacked, as\n    {archive_path(data_dir)}\n"
        "    and load again: it is then prepared without a network;\n"
        "  - from a machine that has it: copy its prepared folder to\n"
        f"    {prepared_folder(data_dir)}\n"
        "What works without it: COURSE_PROFILE=quick or COURSE_PROFILE=grade; set it and restart "
        "the kernel."
    )
