"""Template tags of the lowest floor, used by every surface."""
