"""One file per verb a user types, and the steps they share. They join statements, warehouse and core; they never print."""
