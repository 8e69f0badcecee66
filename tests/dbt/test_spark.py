"""The same models on Spark, from raw tables. It takes minutes: SEGJOB_TEST_DBT_SPARK=1 asks for it."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.dbt_checkout import CHECKOUT, MARTS, Checkout, ask, assert_same_rows, columns_of

DEFAULTS = """
spark.master local[2]
spark.sql.warehouse.dir {folder}/lake
spark.hadoop.javax.jdo.option.ConnectionURL jdbc:derby:;databaseName={folder}/metastore_db;create=true
spark.driver.extraJavaOptions -Dderby.stream.error.file={folder}/derby.log
spark.sql.shuffle.partitions 2
spark.ui.enabled false
spark.driver.host 127.0.0.1
spark.driver.bindAddress 127.0.0.1
"""


@pytest.mark.skipif(
    "SEGJOB_TEST_DBT_SPARK" not in os.environ, reason="SEGJOB_TEST_DBT_SPARK=1 runs it; minutes"
)
def test_the_pipeline_on_spark_is_duckdbs(java: None, built: Checkout, tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "spark-defaults.conf").write_text(DEFAULTS.format(folder=tmp_path), encoding="utf-8")
    warehouse = Path(shutil.copy(built.warehouse, tmp_path / "shop.duckdb"))
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("DBT_", "SEGJOB_"))}
    segjob = [sys.executable, "-m", "segjob", "run", "-q", "income_spending", "--warehouse", str(warehouse)]
    subprocess.run([*segjob, "--config", CHECKOUT / "segjob.toml"], env=environment, check=True, timeout=120)
    built.dbt("run", "--select", "source:segjob+", SEGJOB_WAREHOUSE=warehouse)

    marts = (*MARTS, "customer_segments")
    selects = [f"select {', '.join(columns_of(warehouse, mart))} from {mart}" for mart in marts]
    script = [
        sys.executable,
        Path(__file__).resolve().parents[1] / "helpers" / "dbt_on_spark.py",
        built.root / "data",
    ]
    done = subprocess.run(
        [*script, tmp_path / "rows", CHECKOUT / "segjob.toml", *selects],
        cwd=built.root,
        env={**environment, "DBT_TARGET": "spark", "SPARK_CONF_DIR": str(tmp_path / "conf")},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    for select, ours in zip(selects, pickle.loads((tmp_path / "rows").read_bytes()), strict=True):
        assert_same_rows(ours, ask(warehouse, select))
