"""The tests of Dezky."""
