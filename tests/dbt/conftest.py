from __future__ import annotations

import shutil

import pytest
from helpers.dbt_checkout import CHECKOUT, Checkout


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    # The clone is itself called dbt_project: nothing may depend on what a directory is called.
    root = tmp_path_factory.mktemp("somewhere") / "dbt_project"
    skip = shutil.ignore_patterns("target", "logs", "*.duckdb*")
    shutil.copytree(CHECKOUT / "dbt_project", root / "dbt_project", ignore=skip)
    shutil.copytree(CHECKOUT / "data", root / "data")
    shutil.copy(CHECKOUT / "profiles.yml", root)
    shutil.copy(CHECKOUT / "dbt_project.yml", root, follow_symlinks=False)
    shutil.copy(CHECKOUT / "tests" / "fixtures" / "read_headers.sql", root / "dbt_project" / "macros")
    return Checkout(root)


@pytest.fixture(scope="session")
def built(checkout: Checkout) -> Checkout:
    """The clone after `dbt build` on the made data, before segjob has ever run."""
    checkout.dbt("build")
    return checkout
