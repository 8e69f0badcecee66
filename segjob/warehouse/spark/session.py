"""A Spark session from a URL: local with a folder of its own, on whatever Spark is configured for, or over Connect."""

from __future__ import annotations

import logging
import os
import re
import socket
import tempfile
import time
import warnings
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from urllib.request import getproxies, proxy_bypass

from segjob.errors import ConfigError, WarehouseError
from segjob.warehouse.folder_lock import is_unlocked, lock_folder
from segjob.warehouse.spark.errors import lost_errors, start_error
from segjob.warehouse.urls import without_secret

_CONNECT_PORT, _PROBE_SECONDS = 15002, 10.0
CATALOGUE, CLASSES = "metastore_db", ".java_classes.jsa"
_DERBY_LOCK = "dbex.lck"
"""File of the catalogue's own database that its one process holds a lock on."""
_JAVA = "spark.driver.extraJavaOptions"
_SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m"
"""A run is over before Java's second compiler pays for what it takes; whoever names the option themselves wins.

Without that compiler Java would reserve a fifth of the room for compiled code, and stop compiling when it is full.
"""
_WARN_ON_STDERR = "-Xlog:disable -Xlog:all=warning:stderr -Xlog:cds*=off:stderr"
"""Java warns on stdout, which is for data. A class archive of another Java is no matter: it is not read."""
_ARCHIVE, _UNFINISHED = "-XX:ArchiveClassesAtExit=", f"{CLASSES}.part"
_LOGGING = Path(__file__).with_name("log4j2.properties")
_REHEARSED = (
    "CACHE TABLE segjob_rehearsal AS SELECT id, sqrt(id) AS x FROM range(5000)",
    "SELECT id % 7 AS k, count(*), sum(x), percentile(x, array(0.5)), xxhash64(max(id)) FROM segjob_rehearsal "
    "GROUP BY 1 ORDER BY 1",
    "SELECT count(*) FROM segjob_rehearsal AS a FULL JOIN segjob_rehearsal AS b ON a.id = b.id + 9",
    "DROP VIEW segjob_rehearsal",
)
"""What a run needs of Spark, on no table; its classes are the ones to keep."""
_FORMS = "write spark://local[*]?warehouse=FOLDER, spark://MASTER, or sc://host:port for Spark Connect"
_held: dict[Path, int] = {}
"""Folders that this process holds, until it ends: the session that it started does so too."""


@dataclass(frozen=True)
class Place:
    """Where Spark is. remote : a Connect URL; it wins over master, folder and settings.

    master : as Spark calls it; None for what Spark's own configuration says.
    folder : holds the catalogue and the tables of a local session; None for the catalogue that Spark is configured for.
    settings : spark.* of the session, as they stand.
    """

    remote: str | None = field(default=None, repr=False)
    master: str | None = None
    folder: Path | None = None
    settings: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def label(self) -> str:
        """How messages name it; a token that a URL carries is left out."""
        if self.remote is not None:
            return re.split(r"/?;|[?]", without_secret(self.remote))[0]
        return str(self.folder) if self.folder is not None else f"Spark at {self.master or 'its default'}"


def read_url(url: str, folder: Path) -> Place:
    """The place behind a URL; a relative warehouse is under `folder`.

    Raises
    ------
    ConfigError : it says something that is not understood.
    """
    if url.startswith("sc://"):
        return Place(remote=url)
    master, _, query = url.removeprefix("spark://").partition("?")
    options = dict(parse_qsl(query))
    named = options.pop("warehouse", None)
    if unknown := [name for name in options if not name.startswith("spark.")]:
        raise ConfigError(f"a Spark URL has no option {unknown[0]!r}", hint=_FORMS)
    if named is not None and master and not master.startswith("local"):
        raise ConfigError("warehouse=FOLDER is for a local session", hint=_FORMS)
    place = None if named is None else Path(os.path.realpath(folder / named))
    if place is not None and not master:
        master = "local[*]"
    cluster = master and not master.startswith(("local", "yarn", "k8s:"))
    return Place(master=f"spark://{master}" if cluster else master or None, folder=place, settings=options)


def session(place: Place, lock_timeout: float, *, create: bool) -> Any:
    """A session there: a new one, or the one that this process has already.

    Raises
    ------
    ConfigError : pyspark is not installed, or a session on another catalogue is running in this process.
    WarehouseBusy : another process holds the folder.
    WarehouseError : Spark does not start, or there is nothing to read.
    """
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError:
        raise ConfigError(
            "Spark needs pyspark, which is not installed", hint="pip install 'segjob[spark]'"
        ) from None
    _quieten()
    errors: tuple[type[BaseException], ...] = (PySparkException, OSError, *lost_errors())
    try:
        if place.remote is not None:
            probe(place.remote, place.label)
            return _connected(place.remote)
        if find_spec("pyspark.java_gateway") is None:
            raise ConfigError(
                "pyspark-client has no Spark of its own: it reaches servers only",
                hint="name one with --warehouse sc://host:port, or pip install 'segjob[spark]'",
            )
        if place.folder is not None:
            _hold(place.folder, lock_timeout, create=create)
        builder = SparkSession.builder
        for name, value in _settings(place, create=create).items():
            builder = builder.config(name, value)
        started = builder.getOrCreate()
    except errors as error:
        raise start_error(place.label, error) from error
    _refuse_other(place, started)
    _refuse_scattered_catalogue(place, started)
    return started


def _quieten() -> None:
    """Silence what pyspark and py4j log besides raising it, and a warning about a pandas that nothing here uses."""
    logging.getLogger().addFilter(_is_not_raised)
    warnings.filterwarnings(
        "ignore", message="PySpark does not yet fully support pandas", category=FutureWarning
    )
    for name in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
        logging.getLogger(name).disabled = True


def _is_not_raised(record: logging.LogRecord) -> bool:
    return record.msg != "Exception while sending command."


def probe(remote: str, label: str) -> None:
    """Refuse a Connect URL that nobody answers: pyspark itself would try for ten minutes.

    Raises
    ------
    ConfigError : host or port make no sense.
    WarehouseError : nobody listens there.
    """
    try:
        address = urlsplit(remote)
        host, port = address.hostname, address.port or _CONNECT_PORT
    except ValueError:
        host, port = None, 0
    if not host:
        raise ConfigError(f"{label} is not a Spark Connect URL", hint="write sc://host:15002")
    proxies = getproxies()
    if ("grpc" in proxies or "https" in proxies or "http" in proxies) and not proxy_bypass(host):
        return  # the proxy would have to be asked
    try:
        socket.create_connection((host, port), _PROBE_SECONDS).close()
    except OSError as error:
        raise WarehouseError(
            f"{label} cannot be reached: {error.strerror or error}",
            hint="is the Spark Connect server running?",
        ) from None


def _connected(remote: str) -> Any:
    from pyspark.sql.connect.session import SparkSession

    return SparkSession.builder.remote(remote).getOrCreate()


def _settings(place: Place, *, create: bool) -> dict[str, str]:
    settings = {"spark.sql.catalogImplementation": "hive", "spark.ui.showConsoleProgress": "false"}
    if place.master is not None:
        settings["spark.master"] = place.master
    if place.folder is not None:
        settings |= {
            "spark.sql.warehouse.dir": str(place.folder),
            "spark.hadoop.javax.jdo.option.ConnectionURL": _catalogue_of(place.folder),
            "spark.ui.enabled": "false",
            # Two hundred, the default, is for clusters: here most of them would be empty tasks.
            "spark.sql.shuffle.partitions": str(2 * (os.cpu_count() or 1)),
            # Then a table of no rows is an empty folder, and can be created again if dropping it was cut short.
            "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
        }
    else:
        settings["spark.log.level"] = "ERROR"
    settings |= place.settings
    if place.folder is not None:
        settings[_JAVA] = " ".join([*_java(place.folder, create=create), settings.get(_JAVA, "")]).strip()
    return settings


def _java(folder: Path, *, create: bool) -> list[str]:
    """Java's options of a local session. Half of the time that Spark takes to start is spent on reading its classes.

    When a folder is created, Java writes them to a file in the form that it has in memory, and reads that from then on.
    """
    classes = folder / CLASSES
    options = [
        _quoted("-Dderby.stream.error.file=", folder / "derby.log"),
        _quoted("-Dlog4j2.configurationFile=", _LOGGING.as_uri()),
        _WARN_ON_STDERR,
        _SHORT_LIVED,
    ]
    if create:
        return [*options, _quoted(_ARCHIVE, folder / _UNFINISHED)]
    return [*options, _quoted("-XX:SharedArchiveFile=", classes)] if classes.exists() else options


def _quoted(option: str, place: object) -> str:
    """For Spark's reading of Java's options, which goes by blanks."""
    return f'"{option}{place}"'


def keep_classes(place: Place, started: Any) -> None:
    """Have Java load what a run needs, end, and write down its classes: sessions in this folder start faster then.

    Nothing happens to a session that runs somewhere else, or that this process began for another purpose.
    """
    if place.folder is None:
        return
    from pyspark import SparkContext

    if _ARCHIVE not in started.sparkContext.getConf().get(_JAVA, ""):
        return
    for statement in _REHEARSED:
        started.sql(statement).collect()
    with tempfile.TemporaryDirectory() as folder:
        started.range(9).write.parquet(f"{folder}/rows")
        started.read.parquet(f"{folder}/rows").toArrow()
    java: Any = SparkContext._gateway
    started.stop()
    java.shutdown()
    java.proc.stdin.close()
    SparkContext._gateway = SparkContext._jvm = None
    written = place.folder / _UNFINISHED
    if java.proc.wait() == 0 and written.exists():
        written.replace(place.folder / CLASSES)  # not before, because Java dies of half a file
    else:
        written.unlink(missing_ok=True)


def _catalogue_of(folder: Path) -> str:
    return f"jdbc:derby:;databaseName={folder / CATALOGUE};create=true"


def _refuse_scattered_catalogue(place: Place, started: Any) -> None:
    """Without a configured catalogue, Hive would make one in whatever folder the command is given in."""
    if place.folder is not None:
        return
    context = started.sparkContext
    conf, hadoop = context.getConf(), context._jsc.hadoopConfiguration()
    if conf.get("spark.sql.catalogImplementation") != "hive" or conf.get("spark.sql.defaultCatalog"):
        return
    address = hadoop.get("javax.jdo.option.ConnectionURL") or ""
    relative = re.search(r"jdbc:derby:.*databaseName=(?!/)", address)
    if not hadoop.get("hive.metastore.uris") and (not address or relative):
        raise ConfigError(
            f"{place.label} is configured for no catalogue, and would make one in the current folder",
            hint="name a folder with spark://local[*]?warehouse=FOLDER, or set hive.metastore.uris in hive-site.xml",
        )


def _refuse_other(place: Place, started: Any) -> None:
    """A process has one catalogue: whoever asks for a second one must not be given the first."""
    if place.folder is None:
        return
    actual = started.sparkContext.getConf().get("spark.hadoop.javax.jdo.option.ConnectionURL")
    if actual != _catalogue_of(place.folder):
        raise ConfigError(
            f"this process has a Spark session on another warehouse than {place.folder} already",
            hint="stop that session, or use another process",
        )


def _hold(folder: Path, timeout: float, *, create: bool) -> None:
    """Keep other processes out: the catalogue of a local session admits one at a time."""
    if folder in _held:
        return
    if create:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WarehouseError(
                f"{folder} cannot be created: {error.strerror}",
                hint="check the permissions of the folder above",
            ) from error
    if not folder.is_dir():
        raise WarehouseError(
            f"there is no folder {folder}",
            hint="make it with `segjob init` or dbt, or name another one with --warehouse or SEGJOB_WAREHOUSE",
        )
    _held[folder] = lock_folder(
        folder,
        timeout,
        hint="one process at a time can use a local Spark warehouse; end the other one (dbt and spark-shell "
        "are such, too), or wait longer with --lock-timeout",
        is_free=lambda: is_unlocked(folder / CATALOGUE / _DERBY_LOCK),
    )
    (folder / _UNFINISHED).unlink(missing_ok=True)
    _set_aside_unfinished(folder / CATALOGUE)


def _set_aside_unfinished(catalogue: Path) -> None:
    """A process that died while it created the catalogue leaves a folder that Derby cannot open."""
    if catalogue.is_dir() and not (catalogue / "service.properties").exists():
        catalogue.rename(catalogue.with_name(f"{CATALOGUE}.unfinished.{time.time_ns()}"))
