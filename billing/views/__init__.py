"""Pages of billing, one subject a file."""
