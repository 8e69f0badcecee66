"""How engines beside DuckDB and PostgreSQL spell the elements: one file each. Spark runs here, the others compile."""

from segjob.statements.sql.dialects import bigquery, redshift, snowflake, spark, trino

__all__ = ["bigquery", "redshift", "snowflake", "spark", "trino"]
