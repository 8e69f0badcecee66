"""segjob: customer segmentation inside the warehouse."""

__version__ = "0.1.0"
