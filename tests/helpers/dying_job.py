"""A process that uses a Spark warehouse and is killed (-9), alone or with its Java, at a moment of its choice.

`python dying_job.py URL STEPS ANSWERS` does the steps in the JSON file STEPS; the answer to each is a line of ANSWERS.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

from pyspark import SparkContext
from typer.testing import CliRunner

from segjob.cli.app import app
from segjob.warehouse.spark.session import read_url, session
from segjob.warehouse.spark.warehouse import Spark


def kill(whom: str) -> None:
    """End the Java process, this one, or both."""
    if whom in ("java", "both"):
        os.kill(SparkContext._gateway.proc.pid, signal.SIGKILL)  # type: ignore[union-attr]
    if whom in ("python", "both"):
        os.kill(os.getpid(), signal.SIGKILL)


def prepare(whom: str, words: str, moment: str, folder: Path) -> None:
    """Let the first statement that begins with these words be the last.

    moment : `before` it is sent, `after` it was answered, or, while it runs, when a file like this is in the folder.
    """
    send = Spark._answer

    def once_there() -> None:
        while not any(folder.glob(moment)):
            time.sleep(0.001)
        kill(whom)

    def answer(self: Spark, text: str, read: Callable[[Any], Any]) -> Any:
        if not text.replace("`", "").startswith(words):
            return send(self, text, read)
        if moment == "before":
            kill(whom)
        elif moment != "after":
            Thread(target=once_there, daemon=True).start()
        told = send(self, text, read)
        if moment == "after":
            kill(whom)
        return told

    Spark._answer = answer  # type: ignore[method-assign]


def main(url: str, steps: Path, answers: Path) -> None:
    """Do them in their order."""
    place = read_url(url, Path())
    running = session(place, 120.0, create=False)
    with answers.open("w") as told:
        for verb, *rest in json.loads(steps.read_text()):
            if verb == "kill":
                prepare(*rest, place.folder or Path())
                answer: Any = None
            elif verb == "sql":
                answer = [list(row) for row in running.sql(*rest).collect()]
            else:
                done = CliRunner().invoke(app, [verb, *rest, "--warehouse", url])
                answer = [done.exit_code, done.stdout, done.stderr, repr(done.exception)]
            told.write(json.dumps(answer) + "\n")
            told.flush()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
