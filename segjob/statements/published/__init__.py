"""The published tables and views, and the statements about them alone. Nothing here fits or scores."""
