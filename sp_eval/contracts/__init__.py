"""What data is: every column declared once."""
