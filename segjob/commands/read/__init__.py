"""Verbs that read what is published and change nothing."""
