"""Where statements run: one class per engine, a folder each, with the same few methods. No question is asked here."""
