"""An artifact: a folder with everything that somebody needs who uses a model, and nothing else.

artifact.json   the manifest: format, classes, input, versions, a checksum for each file
decoder.py      from an image file to what the model reads (Pillow and NumPy)
predict.py      loads the model and classifies image files
model...        the model itself, a file or a folder
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MANIFEST = "artifact.json"
SCRIPTS = ("decoder.py", "predict.py")
SCHEMA = 1

# By format: what it is called, and the name of the model's file or folder.
FORMATS = {
    "keras": ("Keras file", "model.keras"),
    "saved_model": ("SavedModel", "model"),
    "litert_float32": ("LiteRT float32", "model.tflite"),
    "litert_float16": ("LiteRT float16", "model.tflite"),
    "litert_dynamic": ("LiteRT dynamic range", "model.tflite"),
    "litert_int8": ("LiteRT int8", "model.tflite"),
}


class ArtifactError(ValueError):
    """An artifact cannot be made, or a folder is not one that the course made; says why."""


@dataclass(frozen=True)
class Artifact:
    """A model in a folder, ready to be used elsewhere.

    Attributes:
        folder: where it is.
        format: `keras`, `saved_model`, `litert_float32`, `litert_float16`, `litert_dynamic` or
            `litert_int8`.
        class_names: what each of the probabilities stands for, in their order.
        pixels: width and height of the images that the model reads.
        version: twelve digits that change with any byte of model, classes or scripts.
        size: bytes of the model on disk, without scripts and manifest.
    """

    folder: Path
    format: str
    class_names: tuple[str, ...]
    pixels: int
    version: str
    size: int

    @property
    def title(self) -> str:
        """The format in words, for tables and figures."""
        return FORMATS[self.format][0]

    @property
    def model_path(self) -> Path:
        """The model's file, or the folder of a SavedModel."""
        return self.folder / FORMATS[self.format][1]

    def __str__(self) -> str:
        """Say format, size, version and place."""
        return f"{self.title}, {self.size / 1e6:.2f} MB, version {self.version}: {self.folder}"


def open_artifact(folder: "str | Path | Artifact") -> Artifact:
    """Open an artifact that `export_model` made, after comparing every file with its checksum.

    Nothing in it is run. A decoder or a script that differs from the course's own is refused, so
    that no code of a stranger is ever run either.

    Args:
        folder: of the artifact. An artifact that is open already is looked at again.

    Raises:
        ArtifactError: there is none, or it was changed, or another version of the course made it.
    """
    folder = Path(folder.folder if isinstance(folder, Artifact) else folder)
    manifest = _read_manifest(folder)
    found = checksums(folder)
    if found != manifest.get("files"):
        listed = manifest.get("files") or {}
        differ = sorted(
            name for name in found.keys() | listed.keys() if found.get(name) != listed.get(name)
        )
        raise ArtifactError(
            f"{folder} was changed since it was exported: {', '.join(differ[:5])}. "
            "Export the model again."
        )
    if any(found.get(name) != _checksum(own_script(name)) for name in SCRIPTS):
        raise ArtifactError(
            f"{' and '.join(SCRIPTS)} in {folder} are not those of this version of the course. "
            "The course runs no others. Export the model again."
        )
    try:
        artifact = Artifact(
            folder,
            manifest["format"],
            tuple(manifest["classes"]),
            int(manifest["input"]["pixels"]),
            version_of(manifest),
            sum(
                (folder / name).stat().st_size
                for name in found
                if name == manifest["model"] or name.startswith(manifest["model"] + "/")
            ),
        )
        right = manifest["model"] == FORMATS[artifact.format][1]
    except (KeyError, TypeError, ValueError):
        right = False
    if not right:
        raise ArtifactError(f"The manifest {folder / MANIFEST} is incomplete. Export again.")
    return artifact


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    if not path.is_file():
        raise ArtifactError(_why_no_artifact(folder))
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        schema = manifest["schema"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtifactError(f"{path} cannot be read ({error}). Export the model again.") from None
    if schema != SCHEMA:
        raise ArtifactError(
            f"{folder} was made by another version of the course (schema {schema}, here {SCHEMA}). "
            "Export the model again."
        )
    return manifest


def _why_no_artifact(folder: Path) -> str:
    """Say what stands where an artifact was expected, and how to get one."""
    makes_one = "deployment.export_model(model, folder, ...) makes one from a Keras model."
    if (folder.parent / MANIFEST).is_file():
        return f"{folder} is a part of an artifact. Name its folder instead: {folder.parent}"
    if folder.suffix == ".keras" and folder.is_file():
        return (
            f"{folder} is a Keras file, and does not say which class each of its numbers stands "
            f"for. In Python, keras.saving.load_model loads it, and {makes_one}"
        )
    if not folder.is_dir():
        return f"There is no folder {folder}. {makes_one}"
    if inside := sorted(path.parent.name for path in folder.glob(f"*/{MANIFEST}")):
        return f"{folder} holds several artifacts. Name one of them: {', '.join(inside)}"
    return f"{folder} is no artifact: there is no {MANIFEST} in it. {makes_one}"


def checksums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file in a folder except the manifest, by relative path.

    Raises:
        ArtifactError: a link is among them, which could lead anywhere.
    """
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            raise ArtifactError(f"{path} is a link. An artifact holds files only.")
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name != MANIFEST:
            found[name] = _checksum(path)
    return found


def version_of(manifest: dict[str, Any]) -> str:
    """Return twelve digits that stand for model, classes, input and scripts."""
    told = {key: manifest[key] for key in ("format", "classes", "input", "files")}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:12]


def own_script(name: str) -> Path:
    """Return the course's own copy of a script that artifacts carry."""
    return Path(__file__).parent / name


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
