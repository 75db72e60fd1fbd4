"""Dezky with one view more, to compare with: it keeps one row in one INSERT and does nothing else."""
