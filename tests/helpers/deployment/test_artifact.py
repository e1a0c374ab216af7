"""An artifact is opened only if it is whole, unchanged, and holds no code but the course's own."""

import json
import shutil

import pytest

from helpers.deployment import ArtifactError, artifact, open_artifact


@pytest.fixture
def folder(litert, tmp_path):
    """A copy that may be damaged."""
    return shutil.copytree(litert.folder, tmp_path / "copy")


def edit(folder, **changes):
    """Change the manifest; None takes an entry away. The checksums are made to fit."""
    path = folder / "artifact.json"
    manifest = {**json.loads(path.read_text()), "files": artifact.checksums(folder), **changes}
    path.write_text(json.dumps({k: v for k, v in manifest.items() if v is not None}))


def test_it_says_what_it_is(litert, splits):
    opened = open_artifact(str(litert.folder))
    assert opened == litert
    assert (opened.format, opened.title, opened.pixels) == ("litert_float32", "LiteRT float32", 32)
    assert opened.class_names == splits.class_names
    assert opened.size == (litert.folder / "model.tflite").stat().st_size
    assert str(opened).startswith("LiteRT float32, 0.")


def test_the_size_of_a_saved_model_is_that_of_all_its_files(artifacts):
    saved = artifacts["saved_model"]
    assert saved.size == sum(p.stat().st_size for p in saved.model_path.rglob("*") if p.is_file())


def test_it_holds_the_model_two_scripts_and_a_manifest_and_nothing_else(litert):
    names = {path.name for path in litert.folder.iterdir()}
    assert names == {"artifact.json", "decoder.py", "predict.py", "model.tflite"}
    for name in ("decoder.py", "predict.py"):
        assert (litert.folder / name).read_bytes() == artifact.own_script(name).read_bytes()


def test_the_manifest_says_what_the_numbers_mean_and_what_made_them(litert, splits):
    manifest = json.loads((litert.folder / "artifact.json").read_text())
    assert manifest["classes"] == list(splits.class_names)
    assert manifest["input"] == {"pixels": 32, "channels": "RGB", "range": [0.0, 1.0]}
    assert set(manifest["files"]) == {"decoder.py", "predict.py", "model.tflite"}
    assert {"tensorflow", "keras", "ai-edge-litert", "pillow", "numpy"} <= set(
        manifest["made_with"]
    )


@pytest.mark.parametrize("name", ["model.tflite", "decoder.py", "predict.py"])
def test_one_changed_byte_anywhere_is_found(folder, name):
    content = bytearray((folder / name).read_bytes())
    content[-1] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(ArtifactError, match=rf"changed since it was exported: {name}\."):
        open_artifact(folder)


def test_a_missing_and_an_added_file_are_found(folder):
    (folder / "model.tflite").rename(folder / "other.tflite")
    with pytest.raises(ArtifactError, match=r"model\.tflite, other\.tflite"):
        open_artifact(folder)


def test_scripts_of_a_stranger_are_refused_even_with_right_checksums(folder):
    (folder / "decoder.py").write_text("raise SystemExit('run')")
    edit(folder)
    with pytest.raises(ArtifactError, match="are not those of this version of the course"):
        open_artifact(folder)


def test_scripts_that_are_missing_are_refused(folder):
    (folder / "decoder.py").unlink()
    edit(folder)
    with pytest.raises(ArtifactError, match="are not those of this version"):
        open_artifact(folder)


def test_a_link_is_refused(folder):
    (folder / "link").symlink_to("/etc")
    with pytest.raises(ArtifactError, match="is a link"):
        open_artifact(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"format": "onnx"},
        {"format": None},
        {"format": "keras"},
        {"model": "../model.tflite"},
        {"model": None},
        {"classes": None},
        {"input": {}},
        {"input": {"pixels": "many"}},
    ],
    ids=str,
)
def test_a_manifest_that_lacks_something_is_refused(folder, change):
    edit(folder, **change)
    with pytest.raises(ArtifactError, match="is incomplete"):
        open_artifact(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "null", "\0"])
def test_a_manifest_that_is_none_is_refused(folder, text):
    (folder / "artifact.json").write_text(text)
    with pytest.raises(ArtifactError, match=r"artifact\.json cannot be read"):
        open_artifact(folder)


def test_another_schema_is_told_from_damage(folder):
    edit(folder, schema=2)
    with pytest.raises(ArtifactError, match=r"another version of the course \(schema 2, here 1\)"):
        open_artifact(folder)


def test_the_version_changes_with_model_classes_and_scripts(artifacts, folder, litert):
    assert len({each.version for each in artifacts.values()}) == len(artifacts)
    edit(folder, classes=list(litert.class_names[::-1]))
    assert open_artifact(folder).version != litert.version
    edit(folder, classes=list(litert.class_names), made_with={"keras": "4"})
    assert open_artifact(folder).version == litert.version


def test_what_is_no_artifact_is_told_by_what_it_is(litert, folder, tmp_path):
    (tmp_path / "own.keras").write_bytes(b"PK")
    (tmp_path / "empty").mkdir()
    for place, told in {
        tmp_path / "nowhere": "There is no folder",
        tmp_path: "holds several artifacts. Name one of them: copy",
        tmp_path / "empty": "is no artifact: there is no artifact.json in it",
        folder / "model.tflite": "is a part of an artifact",
        tmp_path / "own.keras": "does not say which class each of its numbers stands for",
    }.items():
        with pytest.raises(ArtifactError) as caught:
            open_artifact(place)
        assert told in str(caught.value)
