"""How engines that the statements compile for, and are not run on here, spell the elements: one file each."""

from segjob.statements.dialects import bigquery, redshift, snowflake, trino

__all__ = ["bigquery", "redshift", "snowflake", "trino"]
