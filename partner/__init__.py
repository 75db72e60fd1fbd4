"""Resellers and their portal."""
