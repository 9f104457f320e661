"""The bodies of the steps: what a run does, on disk."""
