"""pgbouncer in transaction mode before a PostgreSQL server: its clients share a few connections, one a transaction."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from helpers.engines import free_port

PLACES = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
SECONDS = 20


@contextmanager
def pgbouncer(server: str, folder: Path, size: int = 2, **settings: object) -> Iterator[str]:
    """The URL of the same database through a new pgbouncer with so many connections of the server.

    server : URL of a database on a socket; settings : more of pgbouncer's own.
    """
    binary = shutil.which("pgbouncer", path=PLACES)
    if binary is None:
        pytest.skip("pgbouncer is not installed")
    there, port = conninfo_to_dict(server), free_port()
    lines = {
        "listen_addr": "127.0.0.1",
        "listen_port": port,
        "unix_socket_dir": "",
        "auth_type": "any",
        "pool_mode": "transaction",
        "default_pool_size": size,
        **settings,
    }
    file = folder / f"pgbouncer-{port}.ini"
    file.write_text(
        f"[databases]\n* = host={there['host']} port={there.get('port', 5432)} user={there['user']}\n[pgbouncer]\n"
        + "".join(f"{name} = {value}\n" for name, value in lines.items())
    )
    # It refuses to run as root, and the server's socket is in a folder of the server's user.
    user = ("-u", Path(str(there["host"])).owner()) if os.geteuid() == 0 else ()
    url = f"postgresql://{there['user']}@127.0.0.1:{port}/{there['dbname']}"
    log = file.with_suffix(".log")
    with log.open("w") as said:
        process = subprocess.Popen([binary, *user, file], stdout=said, stderr=said)
        try:
            _wait(url, process, log)
            yield url
        finally:
            process.kill()
            process.wait()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            psycopg.connect(url, connect_timeout=SECONDS, prepare_threshold=None).close()
        except psycopg.OperationalError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        else:
            return
