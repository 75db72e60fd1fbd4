"""Dezky with one page more: a form like those of billing and branding, with a file.

The product's own pages, middleware, guards and scripts, and `up` with everything it runs; only the form is added,
so that the session's resilience is tried on more than the dialogs that exist.
"""
