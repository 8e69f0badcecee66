"""How engines beside DuckDB and PostgreSQL spell the elements: one file each."""

from segjob.statements.sql.dialects import snowflake, spark

__all__ = ["snowflake", "spark"]
