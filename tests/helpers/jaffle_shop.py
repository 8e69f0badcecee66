"""A dbt project like jaffle_shop: seeds, staging, a mart of customers, two targets, a schema of the marts' own."""

from __future__ import annotations

import json
import random
from pathlib import Path

PROJECT = """
name: jaffle_shop
version: "1.0"
profile: jaffle_shop
model-paths: [models]
seed-paths: [seeds]
flags: {send_anonymous_usage_stats: false}
models:
  jaffle_shop:
    staging: {+materialized: view}
    marts: {+materialized: table, +schema: marts}
"""
PROFILES = """
jaffle_shop:
  target: dev
  outputs:
    dev: {{schema: alice, threads: 1, {dev}}}
    prod: {{schema: analytics, threads: 1, {prod}}}
"""
DUCKDB = ('type: duckdb, path: "dev.duckdb"', 'type: duckdb, path: "prod.duckdb"')
"""The connections of the two targets, as dbt's profile has them."""
CUSTOMERS = """
with orders as (
    select * from {{ ref('stg_orders') }}
)

select
    customers.id as customer_id,
    customers.first_name,
    count(orders.id) as number_of_orders,
    coalesce(sum(orders.amount), 0) as customer_lifetime_value
from {{ ref('raw_customers') }} as customers
left join orders on customers.id = orders.user_id
group by customers.id, customers.first_name
"""
MART = """
select
    customers.first_name,
    segments.segment_id,
    segments.segment_name
from {{ ref('customers') }} as customers
inner join {{ source('segjob', 'customers') }} as segments using (customer_id)
"""


def postgres_targets(host: str, user: str) -> tuple[str, str]:
    """Two databases of a server, jaffle_dev and jaffle_prod."""
    server = f'type: postgres, host: "{host}", port: 5432, user: "{user}", password: ""'
    return f"{server}, dbname: jaffle_dev", f"{server}, dbname: jaffle_prod"


def spark_targets(folder: Path) -> tuple[str, str]:
    """Two folders, each with a catalogue of its own."""

    def lake(name: str) -> str:
        place = folder / name
        settings = {
            "spark.master": "local[2]",
            "spark.sql.warehouse.dir": str(place),
            "spark.hadoop.javax.jdo.option.ConnectionURL": f"jdbc:derby:;databaseName={place}/metastore_db;create=true",
            "spark.sql.shuffle.partitions": "1",
            "spark.ui.enabled": "false",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
        }
        return f'type: spark, method: session, host: "NA", server_side_parameters: {json.dumps(settings)}'

    return lake("dev"), lake("prod")


def make_project(folder: Path, targets: tuple[str, str] = DUCKDB) -> Path:
    """The project in a new folder: 200 customers of whom half buy often, before any dbt command."""
    rng = random.Random(4)
    for name in ("seeds", "models/staging", "models/marts"):
        (folder / name).mkdir(parents=True)
    (folder / "dbt_project.yml").write_text(PROJECT)
    (folder / "profiles.yml").write_text(PROFILES.format(dev=targets[0], prod=targets[1]))
    people = [f"{number},Name {number}" for number in range(1, 201)]
    (folder / "seeds" / "raw_customers.csv").write_text("\n".join(["id,first_name", *people]) + "\n")
    orders = []
    for customer in range(1, 201):
        many = customer % 2
        for _ in range(rng.randint(12, 18) if many else rng.randint(1, 4)):
            amount = rng.gauss(80, 8) if many else rng.gauss(15, 3)
            orders.append(f"{len(orders) + 1},{customer},{amount:.2f}")
    (folder / "seeds" / "raw_orders.csv").write_text("\n".join(["id,user_id,amount", *orders]) + "\n")
    (folder / "models/staging/stg_orders.sql").write_text("select * from {{ ref('raw_orders') }}\n")
    (folder / "models/marts/customers.sql").write_text(CUSTOMERS)
    return folder


def write_mart(folder: Path) -> None:
    """A mart over what segjob publishes."""
    (folder / "models/marts/customer_names_by_segment.sql").write_text(MART)


def write_manifest(folder: Path, schema: str, target: str = "target") -> None:
    """The part of dbt's manifest that segjob reads, as dbt would write it for that schema."""
    nodes = {
        f"model.jaffle_shop.{name}": {
            "resource_type": "model",
            "name": name,
            "alias": name,
            "schema": schema if name != "stg_orders" else schema.removesuffix("_marts"),
            "unique_id": f"model.jaffle_shop.{name}",
            "package_name": "jaffle_shop",
            "config": {"materialized": "table"},
        }
        for name in ("customers", "stg_orders")
    }
    (folder / target).mkdir(exist_ok=True)
    (folder / target / "manifest.json").write_text(json.dumps({"nodes": nodes}))
