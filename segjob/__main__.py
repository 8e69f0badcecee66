"""The console script and `python -m segjob`: the one place where anything unexpected becomes a message.

Whatever happens, the exit code is one of the contract's, and there is no traceback without --verbose.
"""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
import threading
from contextlib import suppress

INTERRUPTED = 130
"""128 plus the number of SIGINT, as shells report it."""
_FAILED = 4
"""Of what nobody expected, a full disk or too little memory: nothing is wrong with the command line or the data."""


def main() -> None:
    """Run the command line."""
    # Imports and rows make many objects and hardly a cycle: looking for cycles that often takes time and finds nothing.
    gc.set_threshold(20_000, 20, 100)
    try:
        code = _run()
    except KeyboardInterrupt:
        code = INTERRUPTED
    finally:
        # All is done and printed: an interrupt while the interpreter takes itself apart would only print a traceback.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(code)


def script() -> None:
    """`main` as a process of its own, which ends without taking apart what it imported: a fifth of a short verb.

    The warehouse is closed and all is printed by then, and what asked to be called at the end is called. A session that
    leaves threads behind, as Spark's does, ends as Python does.
    """
    if sys.argv[1:2] == ["run"] and not {"--dry-run", "--help", "-h"} & set(sys.argv):
        from segjob.processes import start_ahead

        start_ahead()
    try:
        main()
    except SystemExit as end:
        if threading.active_count() > 1 or not isinstance(end.code, int):
            raise
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(end.code)


def _run() -> int:
    try:
        from segjob.cli.streams import open_standard_streams

        if not (os.name == "nt" and sys.stdout is not None and sys.stdout.isatty()):
            open_standard_streams()
        from segjob.cli.app import app

        app()
    except SystemExit as end:
        # Typer's only use of 1 is a command that Ctrl-C aborted before it began.
        return INTERRUPTED if end.code == 1 else int(end.code or 0)
    except RuntimeError as error:
        if "Query interrupted" not in str(error):  # DuckDB's word for Ctrl-C
            return _unexpected(error)
        return INTERRUPTED
    except Exception as error:
        return _unexpected(error)
    return 0


def _unexpected(error: Exception) -> int:
    """Print what went wrong, shortly; the traceback only with --verbose."""
    try:
        from segjob.cli.output import print_unexpected

        print_unexpected(error, as_json="--json" in sys.argv, verbose="--verbose" in sys.argv)
    except Exception:  # too little memory even for that, for one
        os.write(2, f"error: {type(error).__name__}\n".encode())
    return _FAILED


if __name__ == "__main__":
    script()
