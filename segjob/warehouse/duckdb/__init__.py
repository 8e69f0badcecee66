"""The DuckDB file as a warehouse."""
