"""`up` with this site as its web."""

from __future__ import annotations

from devstack import plan, up
from devstack.errors import run_main


def planner(situation: plan.Situation) -> plan.Plan:
    """Return the product's plan under our settings."""
    made = plan.make(situation)
    for task in made.tasks:
        task.environment["DJANGO_SETTINGS_MODULE"] = "devstack.bench_site.settings"
    return made


if __name__ == "__main__":
    run_main(lambda: up.main(planner))
