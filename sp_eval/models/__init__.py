"""How much: pure frames."""
