"""DuckDB as a warehouse: a file of its own. What other engines need, too, is in the folder above."""
