"""Reviews of slimming an image written by hand: proven, rejected, skipped, without an engine, and hostile texts."""

from __future__ import annotations

from dataclasses import replace

from inspector.records.measurement import Comparison, Conditions
from inspector.records.review import Review
from inspector.records.serving import AnswerDifference
from inspector.records.slimming import KeptShare, SlimAttempt, SlimGroup, Slimming, SlimProof, SlimStep, Unexercised
from inspector.records.written_image import ImageBytes
from inspector.workflows.slim_review import with_slimming
from tests.golden.image_reviews import image_review
from tests.golden.reviews import HOSTILE as HOSTILE_TEXTS

HOSTILE = " ".join(HOSTILE_TEXTS)

ORIGINAL = ImageBytes(3_134_000_000, 1_031_000_000, 65_461, 23)
FLAT = ImageBytes(2_977_000_000, 980_000_000, 65_120, 4)
CLEAN = ImageBytes(1_724_000_000, 560_000_000, 31_044, 4)
TRACED = ImageBytes(129_000_000, 48_100_000, 4_102, 4)

WHOLE = Comparison(
    *("cold_start", 6088.0, 2134.0, 0.36, 0.33, 0.38, "faster", 6, 0.97, 1.05),
    device="engine",
    conditions=Conditions(cache="cold"),
)
WARM = Comparison(
    *("cold_start", 557.0, 567.0, 1.01, 0.99, 1.15, "no difference shown", 14, 0.96, 1.04),
    device="engine",
    conditions=Conditions(cache="warm"),
)

UNKNOWN = Comparison(
    *("cold_start", 48.0, 69.3, 1.4, 0.7, 1.9, "not measured", 2, 0.7, 1.8),
    device="engine",
    note="not measured: 2 in the time there is, 6 pairs at least are needed",
    conditions=Conditions(cache="cold"),
    phase="create",
)

EXERCISES = ("http:requests.http", "run:python check.py --fast")

MODULES = SlimGroup(
    *("python", "torch", 12_000_000, 310, 1_400_000_000, 11_204),
    pattern="package:torch",
    largest=(("usr/lib/python3/site-packages/torch/lib/libtorch_cpu.so", 436_000_000), ("usr/lib/libmkl.so", 99_000_000)),
    risk="medium",
    reason="no exercise opened it",
)
CACHES = SlimGroup(
    "leftover", "package caches", 0, 0, 173_000_000, 41, pattern="package caches", reason="apt never reads it to serve"
)
SYSTEM = SlimGroup("system", "", 40_000_000, 1_900, 81_500_000, 9_020, risk="medium")
STAYS = SlimGroup("model", "models/digits.onnx", 705_203, 1, 0, 0, pattern="/models/digits.onnx")

LAYERS = tuple(
    (part, f"sha256:{digit * 64}", size)
    for part, digit, size in (
        ("base", "1", 18_000_000),
        ("dependencies", "2", 29_000_000),
        ("code", "3", 40_000),
        ("weights", "4", 1_060_000),
    )
)


def slimmed_review() -> Review:
    """Return what slimming gives where flatten and trace are proven and clean is rejected; trace is written."""
    return with_slimming(
        image_review(), Slimming("images/serve.tar", ORIGINAL, (_flat(), _rejected(), _traced()), "out/serve.tar")
    )


def unproven_review() -> Review:
    """Return what slimming gives without an engine: nothing is proven, trace cannot run."""
    proof = SlimProof("not run", "no engine answers at unix:///var/run/docker.sock")
    flat = replace(_flat(), verdict="not proven", proof=proof, output="")
    nothing = SlimStep("clean", "skipped", "nothing to do", "no leftover is in the image", ORIGINAL)
    trace = SlimStep("trace", "skipped", "cannot run", "not run: no engine", ORIGINAL)
    unknown = replace(ORIGINAL, compressed_bytes=None)
    flat = replace(flat, before=unknown)
    return with_slimming(image_review(), Slimming("images/serve.tar", unknown, (flat, nothing, trace), warnings=("no room",)))


def _flat() -> SlimStep:
    return SlimStep(
        "flatten",
        "accepted",
        "proven",
        "",
        ORIGINAL,
        FLAT,
        groups=(
            SlimGroup(
                "leftover", "waste", 0, 0, 157_000_000, 341, risk="none", reason="overwritten or deleted by a later layer"
            ),
        ),
        bytecode="12 modules have no bytecode: 0.4 MB more would save 60 ms at each start",
        proof=SlimProof(
            "passed",
            answers=24,
            exercises=EXERCISES,
            attempts=(SlimAttempt((), "passed", "", 2_977_000_000, 980_000_000, 31.2),),
        ),
        digest="sha256:" + "a" * 64,
        layers=LAYERS,  # type: ignore[arg-type]
        seconds=62.0,
    )


def _rejected() -> SlimStep:
    differences = tuple(
        AnswerDifference("POST /predict, 2nd time", f"$.scores[{index}]", "0.91", "0.13") for index in range(42)
    )
    proof = SlimProof(
        "failed",
        "POST /predict answers otherwise",
        answers=24,
        exercises=EXERCISES,
        differences=differences,
        new_messages=("FileNotFoundError: [Errno 2] No such file or directory: '/opt/app/tests/labels.json'",),
        volatile=("header Date", "$.elapsed_ms"),
        config_changes=("environment: PYTHONPATH /opt/app is gone",),
        attempts=(
            SlimAttempt((), "failed", "it did not get ready in 30 s: exit code 1", 1_700_000_000, 551_000_000, 33.0),
            SlimAttempt(("tests of opt/app", "package:click"), "failed", "POST /predict answers otherwise", 1_724_000_000),
        ),
        missing=("opt/app/tests/labels.json",),
    )
    return SlimStep(
        *(
            "clean",
            "rejected",
            "rejected",
            "POST /predict answers otherwise: /opt/app/tests/labels.json is missing",
            ORIGINAL,
            CLEAN,
        ),
        risk="low",
        groups=(CACHES,),
        proof=proof,
        warnings=("--slim-drop nosuch matches nothing",),
        seconds=0.4,
    )


def _traced() -> SlimStep:
    others = tuple(
        SlimGroup("debian", f"lib{index}", 0, 0, 1_000_000 - index * 10_000, 12, f"package:lib{index}") for index in range(45)
    )
    return SlimStep(
        *("trace", "accepted", "proven", "", ORIGINAL, TRACED, "high"),
        groups=(MODULES, CACHES, SYSTEM, *others, STAYS),
        kept=(
            KeptShare("opened", 88_000_000, 2_204),
            KeptShare("library", 31_000_000, 41),
            KeptShare("bytecode", 6_200_000, 940),
            KeptShare("certificates", 219_000, 2),
        ),
        unexercised=(
            Unexercised("code", "/opt/app/admin.py", 4_120),
            Unexercised("model", "/models/ranker/3", 9_876_543),
            Unexercised("port", "9090/tcp"),
        ),
        bytecode="940 files of bytecode stay, 14 are added: 6.2 MB, without which each start compiles them again (0.41 s)",
        proof=SlimProof(
            "passed",
            "",
            24,
            EXERCISES,
            volatile=("header Date",),
            largest_error=3e-7,
            attempts=(
                SlimAttempt((), "failed", "a new message on standard error", 128_000_000, 47_900_000, 21.0),
                SlimAttempt(("/usr/lib/ssl",), "passed", "", 129_000_000, 48_100_000, 20.4),
            ),
            starts=(
                WHOLE,
                replace(WHOLE, phase="unpack", before_ms=5171.0, after_ms=1414.0, ratio=0.28, low=0.24, high=0.3),
                UNKNOWN,
                WARM,
            ),
            notes=("the second time each request is made counts for modules that load late",),
        ),
        digest="sha256:" + "b" * 64,
        layers=LAYERS,  # type: ignore[arg-type]
        output="out/serve.tar",
        seconds=201.7,
    )


def hostile_slim_review() -> Review:
    """Return a slimming whose every text tries to do something to whoever reads it, and every number is out of bounds."""
    huge = ImageBytes(2**70, 2**70, 2**70, 2**70)
    group = SlimGroup("python", HOSTILE, 2**70, 2**70, 2**70, 2**70, HOSTILE, ((HOSTILE, 2**70),), "high", HOSTILE)
    start = Comparison(
        "cold_start", 1e308, 1e308, 1e308, 0, 1e308, "slower", 2**60, 0, 1e308, HOSTILE, 2**60, HOSTILE, phase=HOSTILE
    )
    proof = SlimProof(
        "failed",
        HOSTILE,
        2**70,
        HOSTILE_TEXTS,
        tuple(AnswerDifference(text, text, text, text) for text in HOSTILE_TEXTS),
        HOSTILE_TEXTS,
        HOSTILE_TEXTS,
        1e308,
        HOSTILE_TEXTS,
        (SlimAttempt(HOSTILE_TEXTS, "failed", HOSTILE, 2**70, 2**70, 1e15),),
        HOSTILE_TEXTS,
        (start, replace(start, verdict="not measured", pairs=0)),
        HOSTILE_TEXTS,
    )
    step = SlimStep(
        "trace",
        "rejected",
        "rejected",
        HOSTILE,
        huge,
        huge,
        "high",
        (group,),
        (KeptShare("opened", 2**70, 2**70),),
        (Unexercised("code", HOSTILE, 2**70),),
        HOSTILE,
        proof,
        HOSTILE,
        (("base", HOSTILE, 2**70),),
        HOSTILE_TEXTS[0],
        HOSTILE_TEXTS,
        1e15,
    )
    unproven = replace(step, status="accepted", verdict="not proven", proof=SlimProof("not run", HOSTILE))
    return with_slimming(image_review(), Slimming(HOSTILE, huge, (step, unproven), HOSTILE, HOSTILE_TEXTS))
