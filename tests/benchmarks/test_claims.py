"""The record of the claims: nothing is measured twice, and a claim that fails is called so."""

import json
from pathlib import Path

import pytest

from helpers.paths import course_root
from tests.benchmarks import claims


def record_of(**numbers) -> dict:
    """A record with the same numbers, plus a little, for each of two seeds."""
    return {
        "settings": claims.settings(),
        "measurements": {
            "embedded": {
                name: {
                    str(seed): {key: value + 0.01 * seed for key, value in one.items()}
                    for seed in (0, 1)
                }
                for name, one in numbers.items()
            }
        },
    }


@pytest.mark.parametrize(("accuracy", "holds"), [(0.40, True), (0.50, False)])
def test_a_claim_holds_or_does_not(accuracy, holds):
    record = record_of(logistic={"validation": accuracy})
    judged = claims.claims(record, "embedded")["logistic regression on pixels"]
    assert judged["holds"] is holds
    assert judged["mean"] == pytest.approx(100 * accuracy + 0.5)
    assert ("does not hold" in claims.table(record)) is not holds


@pytest.mark.parametrize(("still", "holds"), [(0.72, True), (0.70, False), (0.65, False)])
def test_fine_tuning_must_beat_frozen_by_more_than_the_spread(still, holds):
    record = record_of(transfer={"frozen": 0.70, "still": still, "moving": 0.6})
    assert claims.claims(record, "embedded")["fine-tuned above frozen"]["holds"] is holds


def test_one_seed_has_no_spread_to_judge_by():
    record = record_of(transfer={"frozen": 0.70, "still": 0.8, "moving": 0.6})
    for seeds in record["measurements"]["embedded"].values():
        del seeds["1"]
    judged = claims.claims(record, "embedded")["fine-tuned above frozen"]
    assert judged["holds"] is None
    assert "10.0 (1 seed) |" in claims.table(record)


def test_frozen_is_compared_with_the_better_network_from_scratch():
    record = record_of(
        transfer={"frozen": 0.70, "still": 0.7, "moving": 0.7},
        scratch={"validation": 0.5},
        scratch_plain={"validation": 0.65},
    )
    judged = claims.claims(record, "embedded")["frozen above scratch"]
    assert judged["mean"] == pytest.approx(5.0)
    assert judged["holds"] is False


def test_the_best_regularizer_is_judged_by_its_gap_and_its_gain():
    plain = {"training": 0.99, "validation": 0.55}
    good = {"training": 0.85, "validation": 0.70}
    bad = {"training": 0.99, "validation": 0.56}
    record = record_of(
        plain=plain, augmentation=good, dropout=bad, batch_normalization=bad, together=bad
    )
    judged = claims.claims(record, "embedded")
    best = {name: one for name, one in judged.items() if name.startswith("best of these")}
    assert len(best) == 2
    assert all("(augmentation)" in name and one["holds"] for name, one in best.items())


def test_a_measurement_that_is_there_is_not_made_again(tmp_path, monkeypatch):
    made = []

    def measurement(pair, seed):
        made.append(seed)
        if seed == 2 and made.count(2) == 1:
            raise KeyboardInterrupt
        return {"validation": 0.5}

    monkeypatch.setattr(claims, "MEASUREMENTS", {"logistic": measurement})
    pair = claims.Pair("embedded", None, None, None, None, None)
    path = tmp_path / "claims.json"
    with pytest.raises(KeyboardInterrupt):
        claims.measure(pair, ["logistic"], [0, 1, 2], path)
    claims.measure(pair, ["logistic"], [0, 1, 2], path)
    assert made == [0, 1, 2, 2]
    measured = json.loads(path.read_text())["measurements"]["embedded"]["logistic"]
    assert set(measured) == {"0", "1", "2"}


def test_a_record_with_other_settings_is_not_mixed_up(tmp_path):
    record = record_of(logistic={"validation": 0.4})
    record["settings"]["labels_transfer"] = 7
    path = tmp_path / "claims.json"
    path.write_text(json.dumps(record))
    with pytest.raises(SystemExit, match="other settings"):
        claims.read_record(path)


RECORD = Path(__file__).parent / "results" / "claims.json"
PAGE = course_root() / "helpers" / "embedded" / "README.md"


def test_every_bar_holds_on_the_embedded_pair_over_five_seeds():
    judged = json.loads(RECORD.read_text())["claims"]["embedded"]
    assert judged == claims.claims(json.loads(RECORD.read_text()), "embedded")
    for name, claim in judged.items():
        assert len(claim["values"]) == 5, name
        assert claim["holds"] is not False, name
        assert bool(claim["bar"]) == (claim["holds"] is not None), name


def test_the_page_shows_the_recorded_table_and_says_where_it_comes_from():
    record = json.loads(RECORD.read_text())
    assert claims.table(record) in PAGE.read_text()
    for pair, origin in record["origin"].items():
        assert {"command", "data", "versions", "date"} <= set(origin), pair
