"""Marks by which a later run tells what a killed one left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from inspector.runtimes.container.ours import LABEL, is_stale, our_labels


def test_what_is_in_use_is_not_stale() -> None:
    assert not is_stale(our_labels()[LABEL])


def test_what_a_process_left_that_is_gone_is_stale() -> None:
    code = "from inspector.runtimes.container.ours import *; print(our_labels()[LABEL])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert is_stale(done.stdout.strip())


def test_a_number_that_another_process_has_now_is_stale() -> None:
    machine, pid, began, made, token = our_labels()[LABEL].split(" ")
    assert int(pid) == os.getpid()
    assert is_stale(f"{machine} {pid} {float(began) - 100:.2f} {made} {token}")


def test_what_another_machine_made_is_stale_after_a_day() -> None:
    now = time.time()
    assert not is_stale(f"elsewhere 1 1.00 {now:.0f} x")
    assert is_stale(f"elsewhere 1 1.00 {now - 90_000:.0f} x")


def test_a_mark_that_makes_no_sense_is_nobodys_to_remove() -> None:
    machine = our_labels()[LABEL].split(" ")[0]
    assert not any(
        is_stale(mark) for mark in ("", "x", "a b c", f"{machine} x y z", f"{machine} inf 1 1 t", f"{machine} nan 1 1 t")
    )


def test_no_two_purposes_share_a_mark() -> None:
    assert our_labels() != our_labels()
