"""One file per verb a user types, and the steps they share. They never print."""
