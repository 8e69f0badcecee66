"""What stands in the published schema: runs, models, views, their upgrade, retention and recovery. No fitting."""
