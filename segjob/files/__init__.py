"""CSV and Parquet files in, tables in memory out, by dbt_project's own SQL. Nothing here knows the warehouse."""
