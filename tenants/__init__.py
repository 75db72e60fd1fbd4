"""Workspaces, their people and their audit log."""
