"""The record of transfer: nothing is measured twice, and what is frozen is frozen."""

import numpy as np
import pytest

from tests.benchmarks import record as records
from tests.benchmarks import transfer
from tests.benchmarks.transfer import Setting

FEW = Setting("frozen", 32, 500)


def test_a_measurement_that_is_there_is_not_made_again(tmp_path, monkeypatch):
    made = []

    def measurement(laboratory, setting, seed):
        made.append((setting, seed))
        if made.count((setting, seed)) == 1 and seed == 1:
            raise KeyboardInterrupt
        return 0.5

    monkeypatch.setattr(transfer, "WAYS", {"frozen": measurement})
    path = tmp_path / "transfer.json"
    with pytest.raises(KeyboardInterrupt):
        transfer.measure(None, {FEW: range(3)}, path)
    transfer.measure(None, {FEW: range(3)}, path)
    assert made == [(FEW, 0), (FEW, 1), (FEW, 1), (FEW, 2)]
    (result,) = records.read(path)["results"]
    assert result == {**FEW._asdict(), "accuracy": {"0": 0.5, "1": 0.5, "2": 0.5}}


def test_a_record_with_other_settings_is_not_mixed_up(tmp_path):
    path = tmp_path / "transfer.json"
    records.write(path, {"settings": {**transfer.settings(), "rate": 7}, "results": []})
    with pytest.raises(SystemExit, match="other settings"):
        transfer.read_record(path)


def test_every_way_has_its_epochs_and_its_function():
    for setting in transfer.WANTED:
        assert setting.way in transfer.WAYS
        assert setting.labels in transfer.EPOCHS


@pytest.fixture
def backbone():
    import keras

    return keras.applications.MobileNetV2(
        input_shape=(32, 32, 3), alpha=transfer.ALPHA, include_top=False, weights=None
    )


def trained_layers(backbone) -> list[str]:
    return [layer.name for layer in backbone.layers if layer.trainable_weights]


@pytest.mark.parametrize("moving", [False, True])
def test_batch_normalization_is_trained_only_if_it_may_move(backbone, moving):
    transfer.unfreeze(backbone, moving=moving, first_block=None)
    trained = trained_layers(backbone)
    assert {"Conv1", "Conv_1"} < {*trained}
    assert ("bn_Conv1" in trained) is moving


def test_the_top_block_is_the_last_of_them(backbone):
    transfer.unfreeze(backbone, moving=False, first_block=transfer.TOP_BLOCK)
    trained = trained_layers(backbone)
    assert trained[0] == "block_13_expand"
    assert trained[-1] == "Conv_1"
    assert not any("BN" in name or "bn" in name for name in trained)


def test_seeds_choose_other_images_and_more_labels_keep_the_few():
    images = transfer.Images((np.zeros((2_000, 1)), np.zeros(2_000)), (None, None))
    few, many = images.some(0, 100), images.some(0, 1_000)
    assert len({*few}) == 100
    np.testing.assert_array_equal(many[:100], few)
    assert {*images.some(1, 100)} != {*few}
