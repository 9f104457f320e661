"""Against whom: pure frames."""
