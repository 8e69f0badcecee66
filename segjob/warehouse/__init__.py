"""Where statements run: one door per engine, the same few methods. No SQL of its own beyond opening and locking."""
