"""Reviews of SavedModels written by hand: one of a serving folder with everything in it, one whose every text is hostile."""

from __future__ import annotations

from dataclasses import replace

from inspector.records.artifact import Artifact
from inspector.records.graph import NodeRef
from inspector.records.review import Review
from inspector.records.saved_model import (
    AssetFacts,
    CheckpointFacts,
    ExtraAsset,
    FunctionFacts,
    KerasLayer,
    ServedVersion,
    Shard,
    SignatureFacts,
    SignatureTensor,
    TableFacts,
    VariableFacts,
    WarmUp,
)
from inspector.records.saved_model_review import LoadStep, SavedModelReview, TagSetReview, TrainingBaggage, VariableShare
from tests.golden.reviews import HOSTILE, ordinary_review

MAIN, INIT = "function:__inference_serve_12", "function:__inference_init_3"


def served_review() -> Review:
    """Return what a serving folder of a text classifier gives."""
    return replace(
        ordinary_review(),
        artifact=Artifact("models/classifier", "saved_model", 412_345),
        external_files=(),
        saved_model=_saved_model(),
    )


def _signatures() -> tuple[SignatureFacts, ...]:
    words = SignatureTensor("words", "string", (None, "length"), "serving_default_words:0", "dense", "args[0]['words']")
    limit = SignatureTensor("limit", "int32", (), "serving_default_limit:0", "dense", "kwargs['limit']", "8")
    sparse = SignatureTensor("counts", "float32", None, "counts:0, counts:1", "coo_sparse")
    scores = SignatureTensor("scores", "float32", (None, 10), "StatefulPartitionedCall:0", "dense", "['scores']")
    predict = "tensorflow/serving/predict"
    return (
        SignatureFacts("serving_default", predict, (words, limit), (scores,), "", "__inference_serve_12", "__wrapper_14"),
        SignatureFacts("reset", "", (sparse,), ()),
    )


def _tag_sets() -> tuple[TagSetReview, ...]:
    serve = TagSetReview(
        tags=("serve",),
        is_main=True,
        style="tf2",
        tensorflow_version="2.21.0",
        stripped_default_attrs=True,
        producer=2474,
        min_consumer=12,
        node_count=329,
        object_count=41,
        signatures=_signatures(),
        signature_count=3,
        at_load=(LoadStep("init op", 5, {"Const": 3, "HashTableV2": 1, "InitializeTableFromTextFileV2": 1}),),
        functions=(FunctionFacts("__inference_init_3", INIT, 5, (), (MAIN,), ("load",), ("root._initialize",)),),
        function_count=1,
        function_uses={"load": 1, "object": 1_204, "nothing": 2},
        assets=(
            AssetFacts("words.txt", "assets/words.txt", "file:0", 1_204),
            AssetFacts("../../etc/passwd", "assets/../../etc/passwd", "other:0", None, False, "lies outside the folder"),
            AssetFacts("left.txt", "assets/left.txt", "", 7, declared=False),
        ),
        asset_count=3,
        tables=(
            TableFacts("vocabulary", "HashTableV2", "string", "int64", NodeRef(INIT, 1), source="assets/words.txt"),
            TableFacts("answers", "HashTableV2", "int64", "string", NodeRef(INIT, 2), source="constant values", entries=2),
        ),
        table_count=2,
        layers=(
            KerasLayer("root", "model", "classifier", "Functional", True, 1_234_567),
            KerasLayer("root.layers[0]", "layer", "embedding", "Embedding", False, 1_000_000, depth=1),
        ),
        layer_count=2,
    )
    train = TagSetReview(("train", "gpu"), False, "tf1", "1.15.0", node_count=107, collections={"train_op": 1})
    return serve, train


def _saved_model() -> SavedModelReview:
    return SavedModelReview(
        definition="saved_model.pb",
        schema_version=1,
        tag_sets=_tag_sets(),
        tensorflow_version="2.21.0",
        keras_version="3.12.0",
        fingerprint={"saved_model_checksum": str(2**64 - 1), "uuid": "32429577412430894120541674547142495735"},
        checkpoint=CheckpointFacts(
            "variables/variables", 4, 2, 9_876_543, shards=(Shard("variables/a", 4_000, 5_000, 2, 4_000, "is cut short"),)
        ),
        variables=(VariableFacts("dense/kernel/m", "optimizer/m", "float32", (3, 2), 24, 1, slot_of="dense/kernel", slot="m"),),
        variable_count=4,
        variables_by_role=(VariableShare("parameter", 2, 4_938_268), VariableShare("optimizer", 2, 4_938_275)),
        training=TrainingBaggage(2, 2, 4_938_275, 1, 88),
        extra_assets=(ExtraAsset("assets.extra/tf_serving_warmup_requests", 220),),
        extra_asset_count=1,
        warm_up=WarmUp("assets.extra/tf_serving_warmup_requests", 220, 3, {"predict": 2, "classify": 1}, ("",)),
        versions=_versions(),
        version_count=3,
    )


def _versions() -> tuple[ServedVersion, ...]:
    differences = tuple(f"serving_default: input x{index} is missing" for index in range(8))
    return (
        ServedVersion(10, "10", 412_345, True, _signatures(), "2.21.0"),
        ServedVersion(2, "2", 400_000, False, _signatures()[:1], "2.4.1", "", differences),
        ServedVersion(1, "1", 0, problem="1/saved_model.pb is not there"),
    )


def hostile_saved_model_review() -> Review:
    """Return a review of a SavedModel in which every free text is hostile and every number is out of bounds."""
    texts = " ".join(HOSTILE)
    tensors = tuple(SignatureTensor(text, text, (text, None), text, "composite", text, text) for text in HOSTILE)
    signatures = tuple(SignatureFacts(text, text, tensors, tensors, text, text, text) for text in HOSTILE[:2])
    tag_set = TagSetReview(
        tags=HOSTILE,
        is_main=True,
        style="tf1",
        tensorflow_version=texts,
        node_count=2**70,
        signatures=signatures,
        signature_count=2**70,
        at_load=tuple(LoadStep(text, 2**70, dict.fromkeys(HOSTILE, 2**70)) for text in HOSTILE),
        functions=tuple(FunctionFacts(text, text, 2**70, HOSTILE, HOSTILE, (), HOSTILE) for text in HOSTILE),
        function_uses=dict.fromkeys(HOSTILE, 2**70),
        assets=tuple(AssetFacts(text, text, text, 2**70, False, text) for text in HOSTILE),
        tables=tuple(TableFacts(text, text, text, text, NodeRef(text, 1), source=text, entries=2**70) for text in HOSTILE),
        layers=tuple(KerasLayer(text, text, text, text, False, 2**70, depth=2**31) for text in HOSTILE),
        collections=dict.fromkeys(HOSTILE, 2**70),
    )
    saved_model = SavedModelReview(
        definition=texts,
        schema_version=2**70,
        tag_sets=(tag_set,),
        tensorflow_version=texts,
        keras_version=texts,
        fingerprint={"uuid": texts},
        variables=tuple(VariableFacts(text, text, text, (2**63,), 2**70, slot_of=text, slot=text) for text in HOSTILE),
        extra_assets=tuple(ExtraAsset(text, 2**70) for text in HOSTILE),
        warm_up=WarmUp(texts, 2**70, 2**70, dict.fromkeys(HOSTILE, 2**70), HOSTILE, texts),
        versions=tuple(
            ServedVersion(2**70, text, 2**70, False, signatures, text, "" if index else text, HOSTILE)
            for index, text in enumerate(HOSTILE)
        ),
    )
    return replace(served_review(), saved_model=saved_model)
