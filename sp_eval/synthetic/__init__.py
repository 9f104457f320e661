"""Deliveries whose truth is known."""
