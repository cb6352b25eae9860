from __future__ import annotations

from dataclasses import replace

import pytest

from inspector.records.image_contents import PullCost
from inspector.records.image_review import ImageReview
from inspector.records.image_waste import WastedFile
from inspector.report import image_sentences as sentences
from tests.golden.image_reviews import artifact_review, engine_review, image_review


def image() -> ImageReview:
    found = image_review().image
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("created_by", "instruction"),
    [
        ('/bin/sh -c #(nop)  CMD ["bash"]', 'CMD ["bash"]'),
        ("/bin/sh -c #(nop) ADD file:2f3 in / ", "ADD file:2f3 in /"),
        ("/bin/sh -c apt-get update &&     apt-get install -y gcc", "RUN apt-get update && apt-get install -y gcc"),
        ("RUN /bin/sh -c pip install x # buildkit", "RUN pip install x"),
        ("RUN |2 A=1 B=two /bin/sh -c make # buildkit", "RUN make"),
        ("|1 A=1 /bin/sh -c make", "RUN make"),
        ("/bin/bash -o pipefail -c curl x | sh", "RUN curl x | sh"),
        ("COPY models /models # buildkit", "COPY models /models"),
        ("# debian.sh --arch 'amd64' out/ 'trixie'", "# debian.sh --arch 'amd64' out/ 'trixie'"),
        ("", ""),
    ],
)
def test_an_instruction_is_what_stood_in_the_dockerfile(created_by: str, instruction: str) -> None:
    assert sentences.instruction_text(created_by) == instruction


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ((), ""),
        ((3,), "3"),
        ((5, 6, 7, 2), "2, 5–7"),
        ((1, 1, 2), "1–2"),
        (tuple(range(0, 60, 2)), "0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, …"),
    ],
)
def test_runs_of_layers_are_drawn_together(numbers: tuple[int, ...], text: str) -> None:
    assert sentences.numbers_text(numbers) == text


def test_sizes_say_what_is_not_known() -> None:
    assert sentences.sizes_text(image()) == "412.0 MB compressed, 1.0 GB unpacked"
    assert sentences.sizes_text(replace(image(), compressed_bytes=None)) == "compressed size unknown, 1.0 GB unpacked"
    assert sentences.sizes_text(replace(image(), size_bytes=None)) == "412.0 MB compressed"
    assert sentences.sizes_text(replace(image(), compressed_bytes=1_010_000_000)) == "1.0 GB unpacked"


def test_waste_is_a_sum_that_can_be_checked() -> None:
    said = sentences.waste_sentence(image())
    assert said == "1.0 GB shipped − 900.0 MB final = 100.0 MB reclaimable (10 %), about 40.0 MB of a pull"
    assert "pull" not in sentences.waste_sentence(replace(image(), reclaimable_compressed_bytes=None))
    nothing = replace(image(), shipped_bytes=0, final_bytes=0, reclaimable_bytes=0, reclaimable_compressed_bytes=0)
    assert sentences.waste_sentence(nothing) == "0 B shipped − 0 B final = 0 B reclaimable"


def test_who_made_a_file_waste() -> None:
    assert sentences.wasted_sentence(WastedFile("x", 1, "copied_up", 1, 4)) == "layer 1, copied up by layer 4"
    assert sentences.wasted_sentence(WastedFile("x", 1, "overwritten", 2, 2)) == "layer 2, overwritten by itself"


def test_a_pull_says_what_moves_for_what() -> None:
    cost = PullCost("weights", (2, 3), 206_000_000, 10_581_746)
    assert sentences.pull_sentence(cost, image()) == "layers 2–3, 206.0 MB, for 10.6 MB of content"
    unknown = replace(image(), compressed_bytes=None)
    assert sentences.pull_sentence(cost, unknown) == "layers 2–3, 206.0 MB uncompressed, for 10.6 MB of content"
    assert sentences.pull_sentence(replace(cost, layers=()), image()) == "no layer holds any"


def test_what_an_engine_and_an_incomplete_image_leave_open_is_said() -> None:
    engine, pack = engine_review().image, artifact_review().image
    assert engine is not None
    assert pack is not None
    assert "compressed" in sentences.source_sentence(engine)
    assert "figures cover what was" in sentences.source_sentence(replace(image(), complete=False))
    assert sentences.image_facts(pack)[0] == "OCI artifact"


def test_what_runs_is_quoted_and_root_is_named() -> None:
    assert sentences.runs_sentence(image().config).startswith('python -m serve --greeting "good day" · as root · in /app')
    nothing = replace(image().config, entrypoint=(), command=(), working_dir="", ports=(), user="1000:1000")
    assert sentences.runs_sentence(nothing) == "nothing by default · as 1000:1000"
