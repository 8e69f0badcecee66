"""One file per verb: opens the warehouse, calls pipeline and registry, returns a dataclass; prints nothing."""
