"""Run data in, figures and one page out. No SQL and no numerics of its own."""
