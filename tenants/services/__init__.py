"""Writes of the tenants app, one subject a file."""
