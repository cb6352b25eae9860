"""Slimmings made by hand, with everything a survey, a run and a proof can tell."""

from __future__ import annotations

from dataclasses import replace

from inspector.records.measurement import Comparison, ComparisonVerdict, Conditions
from inspector.records.serving import AnswerDifference
from inspector.records.slimming import (
    Exercise,
    GroupKind,
    KeptShare,
    SlimAttempt,
    SlimGroup,
    SlimLevel,
    Slimming,
    SlimProgress,
    SlimProof,
    SlimStep,
    SlimSurvey,
    Unexercised,
)
from inspector.records.written_image import ImageBytes

BEFORE = ImageBytes(3_134_000_000, 1_031_000_000, 65_461, 12)
AFTER = {
    "flatten": ImageBytes(2_977_000_000, 985_000_000, 65_100, 4),
    "clean": ImageBytes(1_720_000_000, 590_000_000, 31_000, 4),
    "trace": ImageBytes(129_000_000, 64_000_000, 1_204, 4),
}
EXERCISE = Exercise("command", "python /app/check.py", command=("python", "/app/check.py"))


def group(
    kind: GroupKind, name: str, kept: int, dropped: int, pattern: str = "", *paths: str, reason: str = "not opened"
) -> SlimGroup:
    """A group of which so many bytes stay and go, in a tenth as many files."""
    largest = tuple((path, dropped // (at + 2)) for at, path in enumerate(paths))
    risk = "low" if dropped else "none"
    return SlimGroup(kind, name, kept, kept // 10, dropped, dropped // 10, pattern, largest, risk, reason)


def survey(text: str = "") -> SlimSurvey:
    """What flatten and clean would do; text is put into every name."""
    kinds = (
        group("leftover", "tests", 0, 185_000_000, "tests", f"usr/lib/python3/test/{text}big.bin"),
        group("leftover", "headers", 0, 292_000_000, "headers", "usr/include/all.h"),
        group("leftover", "docs", 21_000_000, 0, "docs", reason="licenses may be among them"),
    )
    packages = (
        group("python", f"torch{text}", 812_000_000, 0, "package:torch"),
        group("debian", f"gcc-14{text}", 205_000_000, 0, "package:deb:gcc-14"),
    )
    return SlimSurvey(BEFORE, 157_000_000, 361, kinds, packages, (text,) if text else ())


def traced(text: str = "") -> tuple[SlimGroup, ...]:
    """What goes and stays by package."""
    return (
        group("python", f"torch{text}", 0, 812_000_000, "package:torch", f"{text}usr/lib/libtorch.so", "usr/lib/torch.py"),
        group("python", f"numpy{text}", 31_000_000, 40_000_000, "package:numpy", "usr/lib/numpy/tests/a.npy"),
        group("debian", f"libc6{text}", 3_000_000, 0, "package:deb:libc6"),
        group("system", f"the rest{text}", 2_000_000, 9_000_000),
    )


def start(ratio: float, verdict: ComparisonVerdict, phase: str = "") -> Comparison:
    """A cold start beside the original's."""
    return Comparison(
        "cold_start", 1_200.0, 1_200.0 * ratio, ratio, ratio - 0.03, ratio + 0.03, verdict, 12, 0.97, 1.03, "docker",
        conditions=Conditions(cache="cold"), phase=phase,
    )  # fmt: skip


ATTEMPTS = (
    SlimAttempt((), "failed", "POST /predict: 500 instead of 200", 118_000_000, 60_000_000, 8.0),
    SlimAttempt(("package:numpy",), "passed", "", 129_000_000, 64_000_000, 8.2),
)


def proof(text: str = "", attempts: tuple[SlimAttempt, ...] = ATTEMPTS) -> SlimProof:
    """A proof that holds."""
    return SlimProof(
        "passed",
        answers=24,
        exercises=(f"POST /predict{text}",),
        volatile=(f"$.time{text}",),
        attempts=attempts,
        starts=(start(0.41, "faster"), start(0.97, "no difference shown", "ready")),
        notes=(text,) if text else (),
    )


def step(level: SlimLevel, text: str = "") -> SlimStep:
    """A level that is proven."""
    trace = level == "trace"
    return SlimStep(
        level,
        "accepted",
        "proven",
        f"every answer is as before{text}",
        BEFORE,
        AFTER[level],
        "high" if trace else "none",
        traced(text) if trace else (),
        (KeptShare("opened", 90_000_000, 800), KeptShare("library", 30_000_000, 90)) if trace else (),
        (Unexercised("code", f"/app/batch.py{text}", 2_000), Unexercised("port", "9090/tcp")) if trace else (),
        f"40 files of bytecode are kept{text}" if trace else "",
        proof(text, ATTEMPTS if trace else ()),
        f"sha256:{'ab' * 32}",
        (("base", f"sha256:{'cd' * 32}", 20_000_000), ("weights", f"sha256:{'ef' * 32}", 44_000_000)),
        warnings=(f"wary{text}",) if trace else (),
        seconds=31.0,
    )


def rejected(text: str = "") -> SlimStep:
    """A trace that answers otherwise, and of which files are missing."""
    difference = AnswerDifference(f"POST /predict, 2nd time{text}", f"$.scores[3]{text}", f"0.25{text}", f"0.5{text}")
    return replace(
        step("trace", text),
        status="rejected",
        verdict="rejected",
        reason=f"the answers differ{text}",
        proof=SlimProof(
            "failed",
            f"the answers differ{text}",
            24,
            (f"POST /predict{text}",),
            (difference,),
            (f"UserWarning: no zone{text}",),
            attempts=ATTEMPTS[:1],
            missing=(f"usr/share/zoneinfo/UTC{text}",),
            config_changes=(f"user{text}",),
        ),
    )


def slimming(*steps: SlimStep) -> Slimming:
    """All levels, or those given."""
    return Slimming("image.tar", BEFORE, steps or tuple(step(level) for level in ("flatten", "clean", "trace")))


def progress(text: str = "") -> SlimProgress:
    """A trace in the middle of it."""
    return SlimProgress(
        "trace",
        f"comparing answers{text}",
        (step("flatten", text), step("clean", text)),
        traced(text),
        (KeptShare("opened", 90_000_000, 800),),
        ATTEMPTS[:1],
        1_204,
        7,
    )
