"""Verbs that hand something out: a page, a file, a scored table."""
