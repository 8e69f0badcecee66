"""Pure SQL: a model, a relation or a feature list in, one SQLAlchemy statement out. No connection, no glued strings."""

from segjob.statements.sql import dialects

__all__ = ["dialects"]
