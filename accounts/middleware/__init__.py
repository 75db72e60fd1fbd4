"""What every request passes through, in order."""
