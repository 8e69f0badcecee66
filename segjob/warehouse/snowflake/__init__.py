"""Snowflake as a warehouse. Here alone is snowflake-sqlalchemy imported."""
