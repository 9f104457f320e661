"""sp_eval: the common evaluation framework for social prescribing."""

__version__ = "0.1.0"
