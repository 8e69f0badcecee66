"""A secret of a URL stands nowhere but in the URL: thirty forms of URL, through the command line."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from helpers.small_warehouse import Segjob

from segjob.config import Config
from segjob.warehouse.connect import connect, secret_advice, without_secrets
from segjob.warehouse.urls import secrets_of, without_secret

FORMS = (
    "postgresql://me:s3cret@127.0.0.1:1/shop",
    "postgresql+psycopg://me:s3cret@127.0.0.1:1/shop",
    "postgres://me:s3cret@127.0.0.1:1/shop",
    "POSTGRESQL://me:s3cret@127.0.0.1:1/shop",
    " postgresql://me:s3cret@127.0.0.1:1/shop",
    "postgresql://:s3cret@127.0.0.1:1/shop",
    "postgresql://me:s3cret@127.0.0.1:1",
    "postgresql://me:s3cret@[::1]:1/shop",
    "postgresql://me:s3cret@127.0.0.1:abc/shop",
    "postgresql://me:s3cret@127.0.0.1:1/shop?sslmode=require",
    "postgresql://me:s3cret@127.0.0.1:1/shop?colour=blue",
    "postgresql://me:s3cret@/shop?host=/nowhere",
    "postgresql://127.0.0.1:1/shop?user=me&password=s3cret",
    "postgresql://127.0.0.1:1/shop?password=s3cret&sslmode=require",
    "postgresql://me@127.0.0.1:1/shop?sslpassword=s3cret",
    "postgresql://me@127.0.0.1:1/shop?Password=s3cret",
    "postgresql://me:at@s3cret@127.0.0.1:1/shop",
    "postgresql://me:at%40s3cret@127.0.0.1:1/shop",
    "postgresql://me:a/s3cret@127.0.0.1:1/shop",
    "postgresql://me:a?s3cret@127.0.0.1:1/shop",
    "postgresql://me:a#s3cret@127.0.0.1:1/shop",
    "postgres:/me:s3cret@127.0.0.1/shop",
    "postgresql:me:s3cret@127.0.0.1/shop",
    "//me:s3cret@127.0.0.1/shop",
    "me:s3cret@127.0.0.1/shop",
    "host=127.0.0.1 user=me password=s3cret",
    "jdbc:postgresql://127.0.0.1/shop?user=me&password=s3cret",
    "mysql://me:s3cret@127.0.0.1/shop",
    "md:shop?motherduck_token=s3cret",
    "duckdb:///nowhere.duckdb?token=s3cret",
    "sc://127.0.0.1:1/;token=s3cret",
    "sc://127.0.0.1:1/;use_ssl=true;token=s3cret;user_id=me",
    "sc://me:s3cret@127.0.0.1:1",
    "sc://127.0.0.1:abc/;token=s3cret",
    "ducklake:postgresql://me:s3cret@127.0.0.1:1/shop?data_path=lake",
    "ducklake:postgresql://127.0.0.1:1/shop?user=me&password=s3cret",
    "ducklake:postgresql://me:at@s3cret@127.0.0.1:1/shop",
    "ducklake:postgres:host=127.0.0.1 user=me password=s3cret",
    "ducklake:me:s3cret@127.0.0.1/shop",
    "ducklake:lake.ducklake?data_path=s3://me:s3cret@bucket/lake",
    "spark://local[2]?folder=lake&spark.hadoop.fs.s3a.secret.key=s3cret",
)


@pytest.mark.parametrize("url", FORMS)
@pytest.mark.parametrize("flags", [(), ("--json",), ("--verbose",)], ids=["plain", "json", "verbose"])
def test_a_secret_is_in_no_output(segjob: Segjob, folder: Path, url: str, flags: tuple[str, ...]) -> None:
    outcome = segjob("history", "--warehouse", url, "--lock-timeout", "0.1", *flags)
    assert outcome.code in (2, 4), outcome.err or outcome.out
    assert "s3cret" not in outcome.out + outcome.err
    assert not list(folder.iterdir())


@pytest.mark.parametrize(
    ("url", "shown", "advice"),
    [
        ("postgresql://me:s3cret@host/shop", "postgresql://me@host/shop", "PGPASSWORD"),
        ("postgresql://host/shop?user=me&password=s3cret", "postgresql://host/shop?user=me", "PGPASSWORD"),
        (
            "ducklake:postgresql://me:s3cret@host/shop?data_path=lake",
            "ducklake:postgresql://me@host/shop?data_path=lake",
            "PGPASSWORD",
        ),
        (
            "sc://host:15002/;use_ssl=true;token=s3cret",
            "sc://host:15002/;use_ssl=true",
            "SPARK_CONNECT_AUTHENTICATE_TOKEN",
        ),
        ("spark://yarn?spark.hadoop.fs.s3a.secret.key=s3cret", "spark://yarn", "SEGJOB_WAREHOUSE"),
    ],
)
def test_a_shown_url_works_when_the_secret_is_in_the_environment(url: str, shown: str, advice: str) -> None:
    again = without_secrets(url, connect(Config(), warehouse=url))
    assert again == shown
    assert shlex.split(shlex.join(["segjob", "report", "--warehouse", again]))[-1] == shown
    assert connect(Config(), warehouse=again).label == connect(Config(), warehouse=url).label
    assert advice in (secret_advice(url) or "")
    assert secret_advice(again) is None


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me@host:5432/shop?sslmode=require&application_name=a%40b",
        "spark://local[2]?warehouse=monkey/tokens&spark.driver.memory=4g",
        "spark://yarn?spark.hadoop.javax.jdo.option.ConnectionURL=jdbc:derby:;databaseName=/data/metastore_db",
        "sc://host:15002/;user_id=me",
        "ducklake:data/shop.ducklake?data_path=lake",
        "data/shop.duckdb",
        "duckdb:////data/shop.duckdb",
    ],
)
def test_a_url_without_a_secret_is_shown_as_it_is(url: str) -> None:
    assert without_secret(url) == url
    assert secrets_of(url) == set()
