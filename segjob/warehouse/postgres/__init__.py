"""PostgreSQL as a warehouse: a server. What other engines need, too, is in the folder above."""
