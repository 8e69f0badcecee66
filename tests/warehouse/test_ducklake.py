"""URLs of DuckLakes, and what is said where DuckDB has no such extension. tests/doors opens some."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from helpers.small_warehouse import Segjob

from segjob.errors import ConfigError
from segjob.warehouse.ducklake.place import read_url

HERE = Path("/data")


@pytest.mark.parametrize(
    ("url", "catalogue", "name", "data_path"),
    [
        ("ducklake:shop.ducklake", "ducklake:/data/shop.ducklake", "shop", None),
        ("ducklake:/srv/shop.db?data_path=lake", "ducklake:/srv/shop.db", "shop", "/data/lake"),
        ("ducklake:///srv/shop.db?data_path=/lake", "ducklake:/srv/shop.db", "shop", "/lake"),
        ("ducklake:segments.ducklake", "ducklake:/data/segments.ducklake", "lake", None),
        (
            "ducklake:postgresql://me@host/shop?data_path=lake&sslmode=require",
            "ducklake:postgres:postgresql://me@host/shop?sslmode=require",
            "shop",
            "/data/lake",
        ),
        ("ducklake:postgres://host/memory", "ducklake:postgres:postgres://host/memory", "lake", None),
    ],
)
def test_a_url_names_catalogue_and_data(url: str, catalogue: str, name: str, data_path: str | None) -> None:
    place = read_url(url, HERE, "segments")
    assert (place.catalogue, place.name) == (catalogue, name)
    assert place.data_path == (None if data_path is None else Path(data_path))


def test_a_schema_of_the_catalogue_is_an_option_of_a_server_only() -> None:
    url = "ducklake:postgresql://host/shop?metadata_schema=lakes"
    assert read_url(url, HERE, "segments").metadata_schema == "lakes"
    with pytest.raises(ConfigError, match="no option 'metadata_schema'"):
        read_url("ducklake:shop.ducklake?metadata_schema=lakes", HERE, "segments")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("ducklake:", "is not understood"),
        ("ducklake:sqlite:lake.db", "is not understood"),
        ("ducklake:postgres:dbname=lake password=s3cret", "is not understood"),
        ("ducklake:shop.ducklake?colour=blue", "has no option 'colour'"),
        ("ducklake:shop.ducklake?data_path=s3://bucket/lake", "has to be a folder"),
        ("ducklake:postgresql://me:at@s3cret@host/shop", "there is an @ within the password"),
    ],
)
def test_what_is_no_lake_is_refused_without_its_secret(url: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as refused:
        read_url(url, HERE, "segments")
    assert "s3cret" not in refused.value.message
    assert "ducklake:postgresql://user@host" in (refused.value.hint or "") or "%40" in (
        refused.value.hint or ""
    )


@pytest.mark.skipif(find_spec("duckdb_extension_ducklake") is not None, reason="the extension is installed")
def test_without_the_extension_the_message_says_how_to_get_it(segjob: Segjob, folder: Path) -> None:
    outcome = segjob("history", "--warehouse", "ducklake:shop.ducklake")
    assert outcome.code == 2
    assert "has no extension ducklake, which a DuckLake needs" in outcome.err
    assert "pip install 'segjob[ducklake]'" in outcome.err
    assert list(folder.iterdir()) == []
