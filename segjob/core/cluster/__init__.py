"""Clustering algorithms on arrays, and the metrics of a partition. They know nothing of choosing k or of segments."""
