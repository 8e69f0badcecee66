"""`python many_runs.py URL NAME TIMES`: that many runs of one segmentation, one after another, in one process."""

from __future__ import annotations

import sys

from typer.testing import CliRunner

from helpers.small_warehouse import RUN
from segjob.cli.app import app

if __name__ == "__main__":
    url, name, times = sys.argv[1:]
    for _ in range(int(times)):
        arguments = [*RUN, "--k", "5", "--name", name, "-q", "--warehouse", url, "--lock-timeout", "600"]
        done = CliRunner().invoke(app, arguments)
        if done.exit_code:
            sys.exit(f"exit code {done.exit_code}: {done.output} {done.exception!r}")
