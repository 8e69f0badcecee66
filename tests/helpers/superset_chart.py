"""Runs inside Superset's own environment: registers a serving file and prints a chart's data, over Superset's API.

Arguments: the serving file, a table of schema segments, a dimension of it, a number of it.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from superset.app import create_app

FILE, TABLE, DIMENSION, NUMBER = sys.argv[1:]


def main() -> None:
    app = create_app()
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        prepare()
    # Each request has a context of its own, and so a user of its own.
    client = app.test_client()
    signed = client.post(
        "/api/v1/security/login",
        json={"username": "admin", "password": "admin", "provider": "db", "refresh": False},
    ).get_json()
    headers = {"Authorization": f"Bearer {signed['access_token']}"}

    def post(path: str, body: object) -> dict:
        answer = client.post(path, json=body, headers=headers)
        if answer.status_code >= 300:
            raise SystemExit(f"{path}: {answer.status_code} {answer.get_data(as_text=True)}")
        return answer.get_json()

    database = post(
        "/api/v1/database/",
        {
            "database_name": "segments",
            "sqlalchemy_uri": f"duckdb:///{FILE}",
            "extra": json.dumps({"engine_params": {"connect_args": {"read_only": True}}}),
        },
    )["id"]
    dataset = post("/api/v1/dataset/", {"database": database, "schema": "segments", "table_name": TABLE})[
        "id"
    ]
    question = {
        "datasource": {"id": dataset, "type": "table"},
        "queries": [
            {
                "columns": [DIMENSION],
                "metrics": [
                    {
                        "expressionType": "SIMPLE",
                        "aggregate": "SUM",
                        "column": {"column_name": NUMBER},
                        "label": "total",
                    }
                ],
                "row_limit": 100,
            }
        ],
        "result_format": "json",
        "result_type": "full",
        "force": True,
    }
    first = post("/api/v1/chart/data", question)["result"][0]["data"]
    answer(first)
    # The test swaps a newer file in; the same chart has to show it.
    sys.stdin.readline()
    answer(post("/api/v1/chart/data", question)["result"][0]["data"])


def answer(rows: object) -> None:
    """One line for the test that reads it."""
    sys.stdout.write(f"ROWS {json.dumps(rows)}\n")
    sys.stdout.flush()


def prepare() -> None:
    """Superset's own tables, roles and an administrator."""
    import superset
    from flask_migrate import upgrade
    from superset import security_manager
    from superset.extensions import db

    upgrade(directory=str(Path(superset.__file__).parent / "migrations"))
    security_manager.sync_role_definitions()
    security_manager.add_user(
        "admin", "A", "B", "admin@example.org", security_manager.find_role("Admin"), password="admin"
    )
    db.session.commit()


if __name__ == "__main__":
    os.environ.setdefault("SUPERSET_SECRET_KEY", "a key for one test")
    main()
