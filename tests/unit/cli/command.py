"""The command line, run in this process: what it prints, and its exit code."""

from __future__ import annotations

import io
import os
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from subprocess import CompletedProcess
from unittest.mock import patch

from faxmodem.cli.main import main


def faxmodem(*args: str | Path, cwd: Path) -> CompletedProcess[str]:
    """Run `faxmodem` with these arguments, in the folder `cwd`, without settings from the environment."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("FAXMODEM_")}
    told = ["faxmodem", *map(str, args)]
    out, err = io.StringIO(), io.StringIO()
    code: int | str | None = 0
    with (
        chdir(cwd),
        redirect_stdout(out),
        redirect_stderr(err),
        patch.object(sys, "argv", told),
        patch.dict(os.environ, environment, clear=True),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code
    assert isinstance(code, int | None)
    return CompletedProcess(told, code or 0, out.getvalue(), err.getvalue())
