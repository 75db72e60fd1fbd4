"""The gate watch: whether each of the three layers before the operator portal is really in place."""
