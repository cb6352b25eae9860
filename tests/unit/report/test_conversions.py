"""The sentences about what became of a SavedModel: each signature, the runtime, files, versions; the same in both reports."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inspector.records.contract import TensorPromise
from inspector.records.measurement import Comparison
from inspector.records.optimization import Change, SignatureProof
from inspector.report import proof_sentences as prove
from inspector.report import signature_sentences as sign
from inspector.report.contract_sentences import promise_text
from inspector.report.markdown import to_markdown
from inspector.report.markdown_text import prose
from inspector.report.publishing_sentences import drift_text
from inspector.report.text import to_text
from tests.golden.converted_reviews import converted_review

CHANGES: dict[str, Change] = {one.optimizer: one for one in converted_review().changes}


@pytest.mark.parametrize("write", [to_text, to_markdown])
def test_everything_that_is_known_of_a_conversion_is_told(write: object) -> None:
    assert callable(write)
    text = " ".join(write(converted_review()).split())
    for said in (
        *("runs on", "ONNX Runtime", "LiteRT", "out/classifier.count.onnx", "slot variables of Adam cleared"),
        *("TensorFlow before, LiteRT after", "output lengths: 99 % equal, 100 % needed", "limit: 8, its default"),
        *("input words: other, words → serving_default_words:0 in the file", "words in the original", "not proven"),
        *("7 files, 503.3 KB, 16 warm-up requests", "unlike version 3: 1 difference", "TensorFlow is not installed"),
    ):
        assert said in text or prose(said) in text, said


def test_the_default_signature_is_not_told_twice() -> None:
    first, second = sign.signature_rows(CHANGES["prune"])
    assert (first.status, first.name, first.figures, first.sentences) == (
        "proven",
        "serving_default",
        "equal, unseen: equal",
        (),
    )
    assert second.sentences[0].startswith("every output is equal")


def test_what_is_not_proven_says_why_and_which_gate_it_was() -> None:
    row = sign.signature_rows(CHANGES["int8"])[1]
    assert row.status == "not proven"
    assert row.sentences[0] == "output lengths: 99 % equal, 100 % needed"
    assert "gate failed: share of equal elements at least 1, 0.99 at lengths" in row.sentences


def test_a_single_signature_is_an_entry_not_a_table() -> None:
    change = CHANGES["fp16"]
    assert sign.signature_rows(change) == []
    assert sign.signature_text(change) == "serving_default"
    assert sign.signature_text(replace(change, signatures=())) == ""
    refused = replace(change, signatures=(SignatureProof("", reason="it takes strings"),))
    assert sign.signature_rows(refused)[0][:2] == ("not proven", "(no name)")


def test_ratios_of_other_runtimes_keep_their_digits() -> None:
    comparison = Comparison("latency", 10.0, 0.249, 0.0249, 0.0167, 0.0378, "faster", 40)
    assert prove.ratio_text(comparison) == "0.025× (0.017 to 0.038)"
    assert prove.times_text(0.0996) == "0.10×"
    assert prove.times_text(0.0) == "0.00×"


def test_a_name_that_had_to_change_is_told_with_the_first_one() -> None:
    assert promise_text(TensorPromise("words_0", "string", (None,), original_name="words")).endswith("; words in the original")


def test_versions_say_what_signatures_were_held_against() -> None:
    published = converted_review().published
    assert published is not None
    assert drift_text(replace(published, differences=())) == "the signatures are those of version 3"
    assert drift_text(replace(published, compared_with=None)) == "no version was there to compare signatures with"
