"""Before the first run: the config and the schema, and whether a run would work."""
