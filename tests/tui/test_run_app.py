"""The application as the command runs it: what it returns and raises, and what reaches the terminal when it fails."""

from __future__ import annotations

import pytest

from inspector.tui.app import ModelpackApp


class Defective(ModelpackApp):
    """Fails in a message handler."""

    def on_mount(self) -> None:
        super().on_mount()
        secret = "\x1b]52;c;ZXZpbA==\x07"
        raise KeyError(secret)


def test_a_defect_is_kept_for_the_command_line_and_not_printed(capfd: pytest.CaptureFixture[str]) -> None:
    app = Defective(None)
    app.run(headless=True)
    assert isinstance(app.fatal, KeyError)
    out, err = capfd.readouterr()
    assert "Traceback" not in out + err
    assert "\x1b]52" not in out + err
    assert "secret" not in out + err
