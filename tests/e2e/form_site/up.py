"""`up` with the settings of this site: run as a program by `tests.e2e.stack.start`."""

from __future__ import annotations

from devstack import plan, up
from devstack.errors import run_main


def planner(situation: plan.Situation) -> plan.Plan:
    """Return the product's plan under our settings."""
    made = plan.make(situation)
    for task in made.tasks:
        task.environment["DJANGO_SETTINGS_MODULE"] = "tests.e2e.form_site.settings"
    return made


if __name__ == "__main__":
    run_main(lambda: up.main(planner))
