"""How many clusters there are: the sweep, the k rules, and the choice. No published segments here."""
