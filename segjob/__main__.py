"""The console script and `python -m segjob`: an interrupt ends the program without a traceback at any moment."""

from __future__ import annotations

import gc
import signal
import sys

INTERRUPTED = 130
"""128 plus the number of SIGINT, as shells report it."""


def main() -> None:
    """Run the command line."""
    # Imports and rows make many objects and hardly a cycle: looking for cycles that often takes time and finds nothing.
    gc.set_threshold(20_000, 20, 100)
    try:
        from segjob.cli.app import app

        app()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except RuntimeError as error:
        if "Query interrupted" not in str(error):  # DuckDB's word for Ctrl-C
            raise
        sys.exit(INTERRUPTED)
    finally:
        # All is done and said: an interrupt while the interpreter takes itself apart would only print a traceback.
        signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    main()
