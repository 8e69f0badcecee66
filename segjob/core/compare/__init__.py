"""Other algorithms on the same rows, and whether one is worth a change."""
