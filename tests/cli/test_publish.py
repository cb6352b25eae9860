"""The command that publishes versions: exit codes, what is printed where, and that killing it leaves no half version."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from inspector.formats.saved_model.read import read
from tests.unit.formats.saved_model.publishing import contents, saved_model

SAMPLES = Path(__file__).parents[2] / "sample_models"
DIGITS = SAMPLES / "digits_keras"

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return saved_model(tmp_path / "source")


def publish(command: Command, source: Path, serving: Path, *more: object) -> tuple[int, str, str]:
    return command(source, "--output", serving, "--warm-up", "0", *more)


def test_the_path_of_the_version_is_printed(command: Command, source: Path, tmp_path: Path) -> None:
    serving = tmp_path / "serving"
    assert publish(command, source, serving, "--version", "4") == (0, f"{serving}/4\n", "")
    assert publish(command, source, serving, "--version", "next") == (0, f"{serving}/5\n", "")
    code, out, err = publish(command, source, serving, "--version", "5")
    assert (code, out) == (2, "")
    assert err == (f"modelpack-tui: error: {serving}: version 5 is there already (the next free one is 6: --version 6)\n")
    facts = read(serving).saved_model
    assert facts is not None
    assert [(one.version, one.differences, one.problem) for one in facts.versions] == [(5, (), ""), (4, (), "")]


def test_a_folder_may_be_called_whatever_the_system_takes(command: Command, source: Path, tmp_path: Path) -> None:
    serving = tmp_path / os.fsdecode(b"s\xff")
    code, _, err = command(source, "--output", serving, "--version", "1")
    assert code == 0, err
    assert (serving / "1" / "saved_model.pb").exists()


def test_what_is_served_now_can_be_published_elsewhere(command: Command, source: Path, tmp_path: Path) -> None:
    publish(command, source, tmp_path / "first", "--version", "2")
    code, out, _ = publish(command, tmp_path / "first", tmp_path / "second", "--version", "1")
    assert (code, out) == (0, f"{tmp_path / 'second'}/1\n")


def test_a_drift_is_a_check_that_failed(command: Command, source: Path, tmp_path: Path) -> None:
    serving = tmp_path / "serving"
    publish(command, source, serving, "--version", "1")
    code, out, err = publish(command, DIGITS, serving, "--version", "2")
    assert (code, out) == (1, ""), err
    assert err.startswith(f"modelpack-tui: error: {serving}: version 2 was not published, since it differs from version 1: ")
    assert "signature serving_default: input x is gone" in err
    assert err.endswith("(--allow signature-drift publishes it all the same)\n")
    assert err.count("\n") == 1
    assert not (serving / "2").exists()
    code, out, err = publish(command, DIGITS, serving, "--version", "2", "--allow", "signature-drift")
    assert (code, out) == (0, f"{serving}/2\n")
    assert "unlike version 1, signature serving_default: input x is gone" in err


def test_a_report_goes_along(command: Command, source: Path, tmp_path: Path) -> None:
    code, out, _ = publish(command, source, tmp_path / "serving", "--version", "1", "--format", "json")
    assert (code, json.loads(out)["artifact"]["path"]) == (0, str(source))
    assert (tmp_path / "serving" / "1").exists()
    target = tmp_path / "serving" / "report.md"
    code, _, err = publish(command, source, tmp_path / "serving", "--version", "2", "--report", target)
    assert (code, "servers look for versions there" in err) == (2, True)
    assert not (tmp_path / "serving" / "2").exists()


def test_a_contract_that_is_not_kept_keeps_it_from_being_published(command: Command, source: Path, tmp_path: Path) -> None:
    contract = tmp_path / "terms.json"
    command(source, "--write-contract", contract)
    promised = json.loads(contract.read_text())
    serving = tmp_path / "serving"
    assert publish(command, source, serving, "--version", "1", "--contract", contract)[0] == 0
    promised["inputs"][0]["dtype"] = "int64"
    contract.write_text(json.dumps(promised))
    code, _, err = publish(command, source, serving, "--version", "2", "--contract", contract)
    assert code == 1
    assert "nothing was published, since the contract is not kept" in err
    assert [path.name for path in serving.iterdir()] == ["1"]


@pytest.mark.parametrize(
    ("artifact", "kind"), [("digits_cnn.onnx", "an ONNX model"), ("digits_image.tar", "a container image")]
)
def test_what_has_no_versions_is_refused(command: Command, tmp_path: Path, artifact: str, kind: str) -> None:
    code, out, err = publish(command, SAMPLES / artifact, tmp_path / "serving", "--version", "1")
    assert (code, out) == (2, "")
    assert err.endswith(f"is {kind}: --version publishes SavedModels (leave out --version)\n")


def test_what_is_not_there_is_refused(command: Command, tmp_path: Path) -> None:
    code, out, err = publish(command, tmp_path / "nowhere", tmp_path / "serving", "--version", "1")
    assert (code, out, err.count("\n")) == (3, "", 1)


def test_killed_while_it_runs_there_is_no_version_or_the_whole_one(source: Path, tmp_path: Path) -> None:
    (source / "assets" / "large").write_bytes(bytes(16 << 20))
    serving, whole = tmp_path / "serving", contents(source)
    arguments = [str(source), "--output", str(serving), "--warm-up", "0", "--version"]
    begun = time.monotonic()
    subprocess.run([sys.executable, "-m", "inspector", *arguments, "1"], check=True, capture_output=True, timeout=120)
    took = time.monotonic() - begun
    for share in (0.5, 0.8):
        running = subprocess.Popen([sys.executable, "-m", "inspector", *arguments, "2"], stdout=subprocess.DEVNULL)
        time.sleep(share * took)
        running.kill()
        running.wait()
        versions = {path.name: path for path in serving.iterdir() if path.name.isdecimal()}
        assert set(versions) <= {"1", "2"}
        for path in versions.values():
            left = contents(path)
            assert {name: left[name] for name in whole} == whole
        shutil.rmtree(serving / "2", ignore_errors=True)
    # A child of a killed one ends a moment later; its draft is then free to be removed.
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        shutil.rmtree(serving / "2", ignore_errors=True)
        subprocess.run([sys.executable, "-m", "inspector", *arguments, "2"], check=True, capture_output=True, timeout=120)
        if sorted(path.name for path in serving.iterdir()) == ["1", "2"]:
            break
    assert sorted(path.name for path in serving.iterdir()) == ["1", "2"]
