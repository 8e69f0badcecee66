"""The dialects: constructs that compile differently by engine, and DDL. No statement that answers a question."""
