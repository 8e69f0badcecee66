"""The stages of a run with a model per value of a column: each scan is one for all values, each fit is of one."""
