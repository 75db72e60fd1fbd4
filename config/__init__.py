"""The wiring: settings, URLs, guard table, API."""
