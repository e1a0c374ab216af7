"""`course data`: what is here, getting it, verifying it."""

import hashlib

import pytest

from helpers import cifar10, densenet, materials
from helpers.embedded import dataset as embedded

from .cifar10_archive import write_archive
from .local_server import serve
from .test_data import expect_checksum_of


@pytest.fixture
def nothing_here(tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(embedded, "default_data_dir", lambda: tmp_path / "cache")
    return tmp_path


@pytest.fixture
def small_cifar10(nothing_here):
    """A small CIFAR-10, prepared where `course data` looks for it; returns its folder."""
    archive = cifar10.archive_path()
    write_archive(archive)
    with pytest.MonkeyPatch.context() as patch:
        expect_checksum_of(archive, cifar10.ARCHIVE_URL, patch)
        assert materials.get_material("cifar10") == 0
    return cifar10.prepared_folder()


@pytest.fixture
def weights(nothing_here, monkeypatch):
    """Serve something that is taken for DenseNet201's weights; the path where they belong."""
    body = b"\x89HDF\r\n\x1a\n" + bytes(range(256)) * 400
    monkeypatch.setattr(densenet, "IMAGENET_WEIGHTS_MD5", hashlib.md5(body).hexdigest())
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serve(body) as server:
        monkeypatch.setattr(
            densenet,
            "IMAGENET_WEIGHTS_ADDRESS",
            f"{server.address}/{densenet.IMAGENET_WEIGHTS_FILE}",
        )
        server.path, server.body = densenet.imagenet_weights_path(), body
        yield server


def test_the_list_names_every_place_and_how_to_carry_the_files(nothing_here, capsys):
    assert materials.list_materials() == 0
    printed = capsys.readouterr().out
    for material in materials.materials().values():
        assert f"{material.name}: {material.place}" in printed
    assert printed.count("not here") == 3  # the weights of the embedded network are shipped
    assert "For a machine without a network" in printed
    assert not list(nothing_here.iterdir()), "looking changes nothing"


def test_what_was_got_is_here_and_is_not_got_twice(weights, capsys):
    assert materials.get_material("densenet201") == 0
    assert weights.path.read_bytes() == weights.body
    weights.answer = {"body": b"", "status": 404}
    assert materials.get_material("densenet201") == 0
    assert "is here" in capsys.readouterr().out
    assert materials.verify_materials("densenet201") == 0


@pytest.mark.parametrize(
    "answer",
    [
        {"body": b"<html>Please log in</html>", "type": "text/html"},
        {"body": b"gone", "status": 404},
        {"body": b"\x89HDF" + bytes(5000)},
        {"body": b"\x89HDF" + bytes(5000), "length": 90_000},
    ],
    ids=["page of a proxy", "not found", "other bytes", "broken off"],
)
def test_weights_that_did_not_come_whole_are_not_kept_and_the_next_try_works(
    weights, answer, capsys
):
    whole, weights.answer = weights.answer, answer
    assert materials.get_material("densenet201") == 1
    printed = capsys.readouterr().out
    assert "the download failed" in printed
    assert "Fetch it on a machine with a network" in printed
    assert list(weights.path.parent.iterdir()) == []
    weights.answer = whole
    assert materials.get_material("densenet201") == 0


def test_weights_that_were_cut_off_are_named_and_kept(weights, capsys):
    weights.path.parent.mkdir(parents=True)
    weights.path.write_bytes(weights.body[:1000])
    assert materials.materials()["densenet201"].state == materials.DAMAGED
    assert materials.get_material("densenet201") == 1
    assert materials.verify_materials() == 1
    printed = capsys.readouterr().out
    assert "Nothing was deleted. Move it away" in printed
    assert "densenet201: DAMAGED, its MD5 checksum is" in printed
    assert weights.path.stat().st_size == 1000


def test_a_prepared_cifar10_is_verified_to_its_last_byte(small_cifar10, capsys):
    assert materials.verify_materials("cifar10") == 0
    assert "cifar10: whole" in capsys.readouterr().out
    (shard,) = small_cifar10.glob("cifar10-train.tfrecord-*")
    content = bytearray(shard.read_bytes())
    content[len(content) // 2] ^= 1
    shard.write_bytes(content)
    assert materials.materials()["cifar10"].state == materials.HERE, "a quick look sees sizes only"
    assert materials.verify_materials("cifar10") == 1
    assert "a record does not match its checksum" in capsys.readouterr().out


def test_the_embedded_data_set_is_made_and_verified(nothing_here, monkeypatch, capsys):
    monkeypatch.setattr(embedded, "IMAGES", {"train": 20, "test": 10})
    assert materials.verify_materials(embedded.NAME) == 1
    assert materials.get_material(embedded.NAME) == 0
    assert materials.verify_materials(embedded.NAME) == 0
    (embedded.dataset_folder() / "features.json").write_text("{}")
    assert materials.verify_materials(embedded.NAME) == 1
    assert materials.get_material(embedded.NAME) == 0
    assert materials.verify_materials(embedded.NAME) == 0
    assert "do not match their checksums" in capsys.readouterr().out


def test_what_is_shipped_is_verified_and_cannot_be_fetched(nothing_here, monkeypatch, capsys):
    name = "CompactDenseNet"
    assert materials.verify_materials(name) == 0
    cut_off = nothing_here / "cut_off.weights.h5"
    cut_off.write_bytes(materials.compact.WEIGHTS.read_bytes()[:5000])
    monkeypatch.setattr(materials.compact, "WEIGHTS", cut_off)
    assert materials.verify_materials(name) == 1
    monkeypatch.setattr(materials.compact, "WEIGHTS", nothing_here / "gone")
    assert materials.get_material(name) == 1
    assert "git checkout -- helpers" in capsys.readouterr().out


@pytest.mark.parametrize("command", [materials.get_material, materials.verify_materials])
def test_an_unknown_name_gets_the_known_ones(command, nothing_here, capsys):
    assert command("cifar100") == 1
    assert "Choose one of: cifar10, densenet201" in capsys.readouterr().out
