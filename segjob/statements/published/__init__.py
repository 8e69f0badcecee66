"""The published tables and views, and the statements that only they need."""
