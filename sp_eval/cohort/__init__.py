"""Who, and when."""
