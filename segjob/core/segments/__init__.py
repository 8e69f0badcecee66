"""What a cluster becomes once it is published: identity, name, segment rule, drift, score of one row."""
