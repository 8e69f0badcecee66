"""What every publication does, and the publication of an assignment; `pipeline/publish.py` publishes a fit."""
