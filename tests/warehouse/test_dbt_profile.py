"""The connection comes from dbt's profile: the target that dbt itself would take, and nothing of it in a message."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.small_warehouse import Segjob
from sqlalchemy.engine import URL, make_url

from segjob.errors import ConfigError
from segjob.warehouse.dbt_profile import Target, postgres_url, read_target, spark_url
from segjob.warehouse.spark.session import Place, read_url

PROFILES = """
shop:
  target: "{{ env_var('STAGE', 'here') }}"
  outputs:
    here: {type: duckdb, path: shop.duckdb}
    server:
      type: postgres
      host: "{{ env_var('SHOP_HOST') }}"
      port: "{{ env_var('SHOP_PORT', '5433') | as_number }}"
      user: me
      password: "{{ env_var('SHOP_PASSWORD') | as_text }}"
      dbname: shop
"""


@pytest.fixture
def project(folder: Path) -> Path:
    (folder / "dbt_project.yml").write_text("name: shop\nprofile: shop\n", encoding="utf-8")
    (folder / "profiles.yml").write_text(PROFILES, encoding="utf-8")
    return folder


def url(**settings: object) -> URL:
    given = {"host": "server", "user": "me", "dbname": "shop", **settings}
    return make_url(postgres_url(Target("postgres", given, Path("profiles.yml"))))


def test_the_target_is_the_one_that_dbt_takes(project: Path) -> None:
    server = {"SHOP_HOST": "h", "SHOP_PASSWORD": "p"}
    # SHOP_HOST is not set, and nobody asks for the target that needs it.
    assert read_target(project, target=None, environment={}).kind == "duckdb"
    assert read_target(project, target=None, environment=server | {"STAGE": "server"}).kind == "postgres"
    assert read_target(project, target=None, environment=server | {"DBT_TARGET": "server"}).kind == "postgres"
    assert read_target(project, target="here", environment={"DBT_TARGET": "server"}).kind == "duckdb"
    with pytest.raises(ConfigError, match="no target 'moon'; it has here, server"):
        read_target(project, target="moon", environment={})
    with pytest.raises(ConfigError, match="needs the environment variable SHOP_HOST"):
        read_target(project, target="server", environment={})


def test_a_target_becomes_a_url(project: Path) -> None:
    environment = {"SHOP_HOST": "10.0.0.1", "SHOP_PASSWORD": "p@ss:/w rd"}
    parsed = make_url(postgres_url(read_target(project, target="server", environment=environment)))
    assert (parsed.host, parsed.port, parsed.username, parsed.database) == ("10.0.0.1", 5433, "me", "shop")
    assert parsed.password == "p@ss:/w rd"
    assert not parsed.query


def test_what_else_a_target_may_say() -> None:
    assert url(**{"pass": 1234}).password == "1234"
    assert url(password="").password is None
    assert url(host="/run/postgresql").host is None
    assert url(host="/run/postgresql").query["host"] == "/run/postgresql"
    assert dict(url(sslmode="require", sslrootcert="ca.pem", threads=4).query) == {
        "sslmode": "require",
        "sslrootcert": "ca.pem",
    }
    assert url(schema="public").query == {}
    assert url(schema="mart").query["options"] == '-csearch_path="mart"'
    assert url(schema="my mart", role="writer").query["options"] == r'-csearch_path="my\ mart" -crole=writer'
    assert url(schema="mart", search_path="a,b").query["options"] == "-csearch_path=a,b"
    with pytest.raises(ConfigError, match="has no host, dbname"):
        url(host=None, dbname="")
    with pytest.raises(ConfigError, match="the port 'many' is not a number"):
        url(port="many")


def spark(**settings: object) -> Place:
    given = {"method": "session", "host": "NA", "schema": "default", **settings}
    return read_url(spark_url(Target("spark", given, Path("profiles.yml"))), Path())


def test_a_spark_session_is_the_one_that_dbt_starts() -> None:
    assert spark() == Place()
    assert spark(schema="mart").settings == {"spark.sql.catalog.spark_catalog.defaultDatabase": "mart"}
    said = {"spark.master": "local[2]", "spark.sql.warehouse.dir": "/data/a lake", "use": "nothing"}
    assert spark(server_side_parameters=said).settings == {
        "spark.master": "local[2]",
        "spark.sql.warehouse.dir": "/data/a lake",
    }
    said |= {
        "spark.hadoop.javax.jdo.option.ConnectionURL": "jdbc:derby:;databaseName=/data/a lake/metastore_db;create=true"
    }
    folder = spark(server_side_parameters=said)
    assert (folder.master, folder.folder, folder.settings) == ("local[2]", Path("/data/a lake"), {})
    with pytest.raises(ConfigError, match="does not know dbt-spark's method 'thrift'"):
        spark(method="thrift")


def test_the_password_of_the_profile_is_in_no_message(
    project: Path, segjob: Segjob, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "SHOP_HOST": "127.0.0.1",
        "SHOP_PORT": "1",
        "SHOP_PASSWORD": "s3cret",
        "DBT_TARGET": "server",
    }.items():
        monkeypatch.setenv(name, value)
    for verb in ("history", "check"):
        outcome = segjob(verb, "--verbose")
        assert outcome.code in (2, 4)
        assert "s3cret" not in outcome.err + outcome.out
    assert "127.0.0.1:1/shop cannot be reached" in segjob("history").err


def test_a_line_that_is_no_yaml_is_not_shown(project: Path) -> None:
    broken = PROFILES.replace("host: \"{{ env_var('SHOP_HOST') }}\"", "password: @s3cret")
    (project / "profiles.yml").write_text(broken, encoding="utf-8")
    with pytest.raises(ConfigError, match="is not valid YAML near line 8") as caught:
        read_target(project, target=None, environment={})
    assert "s3cret" not in str(caught.value)
    target = Target("postgres", {"password": "s3cret"}, project)
    assert "s3cret" not in repr(target)
