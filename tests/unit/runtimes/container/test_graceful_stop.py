"""Which signals there is no point in waiting for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from inspector.runtimes.container.graceful_stop import catches


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells of signals in /proc")
def test_a_signal_that_a_process_does_not_catch_is_known() -> None:
    program = "import signal, sys; signal.signal(signal.SIGTERM, print); print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert catches(process.pid, "SIGTERM")
        assert catches(process.pid, "term")
        assert catches(process.pid, str(int(signal.SIGTERM)))
        assert not catches(process.pid, "SIGUSR1")
        assert not catches(process.pid, "SIGKILL")
        process.communicate()


def test_what_cannot_be_told_is_waited_for() -> None:
    assert catches(2**22 + 1, "SIGTERM")
    assert catches(os.getpid(), "SIGNONSENSE")
