"""Commands of the operator portal."""
