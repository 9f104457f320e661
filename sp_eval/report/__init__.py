"""What people read: the report, and the receipts. Facts in, text out."""
