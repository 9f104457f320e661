"""The Dagster porch."""
