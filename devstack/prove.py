"""`bin/dezky prove [name]`: the long proofs at their full counts, each by name."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass

from devstack import browser
from devstack.data_dir import ROOT
from devstack.errors import CannotRunError, run_main
from devstack.processes import end_group
from devstack.workshop import open_workshop


@dataclass(frozen=True)
class Proof:
    """One long proof: `tests` are the pytest addresses of what runs it, reduced in `bin/dezky test`."""

    name: str
    promise: str
    tests: tuple[str, ...]


PROOFS: tuple[Proof, ...] = (
    Proof(
        "database-kills",
        "PostgreSQL is killed at random moments; every committed row is there afterwards",
        ("tests/devstack/test_postgres.py::test_committed_rows_survive_kills",),
    ),
    Proof(
        "renewal",
        "8 tabs and 2 processes meet an expired access token, 200 times: 1 renewal each, 0 sign-outs, 0 doubled writes",
        ("tests/e2e/test_renewal.py",),
    ),
    Proof(
        "hostile",
        "a hostile identity provider opens nothing and signs nobody out, none of it is a 500, and each check is needed",
        (
            "tests/accounts/test_hostile_provider.py",
            "tests/accounts/test_back_channel.py",
            "tests/accounts/test_sign_in.py",
            "tests/accounts/test_verification.py",
            "tests/accounts/test_bearer.py",
        ),
    ),
    Proof(
        "identity-faults",
        "the provider down, slow, dripping, 5xx or 429: each surface answers within 6 s, 0 sign-outs, free workers",
        ("tests/e2e/test_identity_faults.py", "tests/accounts/test_outages.py", "tests/accounts/test_lanes.py"),
    ),
    Proof(
        "layers",
        "whichever of the three layers is taken away, what is left refuses a tenant admin on every operator URL",
        ("tests/authorization/test_three_layers.py",),
    ),
    Proof(
        "matrix",
        "every persona meets every URL and method by page, HTMX, JSON and bearer, and gets what its row says",
        ("tests/authorization/test_matrix.py",),
    ),
    Proof(
        "form",
        "a form with a file outlives an outage, a revoked session and a new sign-in, and is applied once",
        ("tests/e2e/test_form_survives.py",),
    ),
    Proof(
        "kills",
        "web, worker, PostgreSQL and up itself are killed; Dezky comes back and no acknowledged write is lost",
        ("tests/e2e/test_recovery.py",),
    ),
    Proof(
        "card",
        "a card is added by both Elements whatever bank, network and finger do: 1 customer, 1 card, no number at Dezky",
        (
            "tests/e2e/test_payment_method.py",
            "tests/e2e/test_payment_faults.py",
            "tests/e2e/test_payment_number.py",
        ),
    ),
    Proof(
        "inbox",
        "a webhook costs at most 3 INSERTs, Stripe up or down; 10,000 events drain through kills, none lost or doubled",
        ("tests/e2e/test_inbox_load.py", "tests/e2e/test_inbox_kills.py"),
    ),
    Proof(
        "webhooks",
        "1,000 times, webhooks shuffled, doubled, late or lost end where Stripe is",
        ("tests/billing/test_any_order.py",),
    ),
    Proof(
        "quotes",
        "a quote is its invoice, to the last unit, whatever is changed and whenever",
        ("tests/billing/test_quote_is_invoice.py",),
    ),
    Proof(
        "invoices",
        "30,000 invoices are listed with the queries of 3, and in at most 1.3 times the time",
        ("tests/billing/test_invoice_list_scale.py",),
    ),
)


def main() -> int:
    """Run the named proofs, or all; return 1 if one failed."""
    words = sys.argv[1:]
    if words in (["--help"], ["-h"], ["--list"]):
        print("Usage: bin/dezky prove [name ...]\n")
        for proof in PROOFS:
            print(f"  {proof.name:<20} {proof.promise}")
        return 0
    known = {proof.name: proof for proof in PROOFS}
    unknown = [word for word in words if word not in known]
    if unknown:
        message = f'there is no proof "{unknown[0]}"; there are: {", ".join(known)}.'
        raise CannotRunError(message)
    os.chdir(ROOT)
    results = []
    with open_workshop() as environment:
        found = browser.find()
        variables = {
            **environment,
            "DEZKY_PROVE": "full",
            **({"DEZKY_CHROMIUM": str(found)} if found else {}),
        }
        for proof in [known[word] for word in words] or PROOFS:
            started = time.monotonic()
            print(f"dezky: {proof.name}: {proof.promise}", flush=True)
            is_proven = _run(proof, variables)
            results.append((proof, is_proven, time.monotonic() - started))
    print("\nWhat was proved:")
    for proof, is_proven, seconds in results:
        print(f"  {'proved' if is_proven else 'FAILED':<7} {proof.name:<20} {seconds:7.1f} s")
    return 0 if all(is_proven for _, is_proven, _ in results) else 1


def _run(proof: Proof, variables: dict[str, str]) -> bool:
    command = [sys.executable, "-m", "pytest", "-q", "-rA", "-s", "--timeout=0", *proof.tests]
    process = subprocess.Popen(command, cwd=ROOT, env=variables, start_new_session=True)
    try:
        return process.wait() == 0
    finally:
        end_group(process.pid)


if __name__ == "__main__":
    run_main(main)
