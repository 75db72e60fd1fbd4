"""Launcher and dashboard."""
