"""The operator portal."""
