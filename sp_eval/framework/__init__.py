"""What it means: gate, verdict, grade."""
