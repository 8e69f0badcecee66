"""Verbs that change what is published: each in one transaction."""
