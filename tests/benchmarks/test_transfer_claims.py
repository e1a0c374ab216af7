"""What the transfer notebook claims: read from what it printed, judged, and recorded as held."""

import json

import nbformat
import pytest

from tests.benchmarks import transfer_claims

RECORD = json.loads(transfer_claims.RECORD.read_text(encoding="utf-8"))


def printed(*texts):
    cell = nbformat.v4.new_code_cell("...")
    cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=text) for text in texts]
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("prose"), cell])


def test_the_two_small_experiments_are_read_from_what_they_print():
    notebook = printed(
        "not compiled again: changed by 0.0000\ncompiled again: changed by 0.0281\n",
        "moving mean changed by 0.01\n",
        "moving mean changed by 0.0\n",
    )
    assert transfer_claims.printed_numbers(notebook) == {
        "not compiled again": 0.0,
        "compiled again": 0.0281,
        "moving mean, training=False": 0.01,
        "moving mean, trainable = False": 0.0,
    }


def test_the_neighbours_are_read_from_the_words_of_their_figure():
    cell = nbformat.v4.new_code_cell("inspection.show_neighbours(backbone)")
    words = "Figure: Of the 4 nearest of 9, 12 % with random weights and 64 % pretrained have it."
    cell.outputs = [nbformat.v4.new_output("execute_result", data={"text/plain": words})]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("prose"), cell])
    shares = transfer_claims.neighbours_of_the_same_class(notebook)
    assert shares == {"same class, random weights": 12, "same class, pretrained": 64}


@pytest.mark.parametrize(
    ("number", "value", "claim"),
    [
        ("compiled again", 0.0, "without a new compile nothing changes, with one it does"),
        ("moved normalizations", 3, "batch normalization held still"),
        (
            "largest change of a block",
            0.4,
            "fine-tuning changes every block, by a few per cent at most",
        ),
    ],
)
def test_a_number_that_speaks_against_a_claim_is_found(number, value, claim):
    runs = {"7": {**RECORD["runs"]["0"], number: value}}
    assert transfer_claims.judge(runs)[claim] == {"7": False}
    assert f"| {claim} |  | 7 |" in transfer_claims.table({"runs": runs})


def test_every_claim_held_in_five_recorded_runs():
    assert len(RECORD["runs"]) == 5
    judged = transfer_claims.judge(RECORD["runs"])
    assert judged == RECORD["claims"]
    failed = {claim: seeds for claim, seeds in judged.items() if not all(seeds.values())}
    assert failed == {}
