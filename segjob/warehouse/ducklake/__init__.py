"""DuckLake: tables of Parquet files whose catalogue is a DuckDB file or a PostgreSQL database. Its own files only."""
