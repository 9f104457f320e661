"""From a file at the door to accepted and quarantined rows."""
