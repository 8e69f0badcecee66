"""Spark as a warehouse: a local session, a cluster or Spark Connect. Here alone is pyspark imported."""
