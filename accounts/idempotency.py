"""A write that is sent twice has one effect, and its second answer is the first's.

The header is that of draft-ietf-httpapi-idempotency-key-header. A browser sends it with every write that
its script repeats: after a renewal, after a sign-in over the page, after a broken connection.

Three moments are committed apart: the claim before the view, the mark in the effect's own transaction
(`note_effect`), the answer after the view. Whatever dies in between, the next request with the key finds out
whether anything was applied. An attempt that outlives its lease can't apply any more: its mark is refused.
A write of several steps, each of which can be asked for again, marks its last one alone (`unfinished`).
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.utils import timezone

from accounts import answers
from accounts.models import IdempotentRequest, User

logger = logging.getLogger(__name__)

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
LEASE = timedelta(seconds=30)
PATIENCE_SECONDS = 5.0
MAX_ANSWER_CHARACTERS = 262_144
_LOOK_EVERY_SECONDS = 0.05
_PAYMENT_REQUIRED = 402
_SAFE = {"GET", "HEAD", "OPTIONS"}
_KEY = re.compile(r"[A-Za-z0-9_-]{16,128}", re.ASCII)
_HTMX = ("HX-Trigger", "HX-Redirect", "HX-Refresh", "HX-Location", "HX-Retarget", "HX-Reswap", "HX-Reselect")
_KEPT_HEADERS = ("Content-Type", "Location", "ETag", *_HTMX)


class LeaseLost(Exception):
    """Another attempt has taken this request over: what this one was about to write must not stand."""


@dataclass(frozen=True)
class _Attempt:
    """One request at work under a key."""

    row: UUID
    token: UUID


_current: ContextVar[_Attempt | None] = ContextVar("idempotent_attempt", default=None)
_is_unfinished: ContextVar[bool] = ContextVar("idempotent_step", default=False)


def once(request: HttpRequest, run: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """Return what `run` answers, or what it answered when this request's key came first.

    Call it after the guards, so that nobody is shown an answer that is no longer for them, and outside of
    any transaction. An answer from 400 on applied nothing, and frees its key; but for a card's decline, which is
    the answer of a bank: the attempt was made, and is told again instead of made again.
    """
    key = request.headers.get(HEADER)
    if key is None or request.method in _SAFE or not isinstance(request.user, User):
        return run()
    if not _KEY.fullmatch(key):
        return answers.problem(request, 400, f"{HEADER} is 16 to 128 letters, digits, - or _.")
    claimed = _claim(request, request.user, key)
    if not isinstance(claimed, _Attempt):
        return claimed
    before = _current.set(claimed)
    try:
        response = run()
        if isinstance(response, SimpleTemplateResponse):
            response.render()
    except BaseException:
        _free(claimed)
        raise
    finally:
        _current.reset(before)
    if response.status_code >= 400 and response.status_code != _PAYMENT_REQUIRED:  # noqa: PLR2004 - the first refusal
        _free(claimed)
    else:
        _keep(claimed, response)
    return response


def note_effect() -> None:
    """Mark, in the caller's transaction, that the request at work has had an effect.

    Raises:
        LeaseLost: it took so long that another attempt was let in; the transaction must not commit.
    """
    attempt = _current.get()
    if attempt is None:
        return
    mine = IdempotentRequest.objects.filter(pk=attempt.row, attempt=attempt.token)
    if not (mine.exists() if _is_unfinished.get() else mine.update(applied_at=timezone.now())):
        raise LeaseLost


@contextmanager
def unfinished() -> Iterator[None]:
    """Do a step that is not yet what the request asked for: after a failure, its key goes through all steps again.

    For steps alone that find by themselves what was done before.
    """
    before = _is_unfinished.set(True)
    try:
        yield
    finally:
        _is_unfinished.reset(before)


def fingerprint(request: HttpRequest) -> str:
    """Return what a request asks for: a form's fields and files, however they are wrapped, else the body."""
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\0".encode())
    if request.content_type in ("multipart/form-data", "application/x-www-form-urlencoded"):
        fields = [(name, values) for name, values in request.POST.lists() if name != "csrfmiddlewaretoken"]
        digest.update(repr(sorted(fields)).encode())
        for name, files in sorted(request.FILES.lists()):
            for file in files:
                digest.update(f"\0{name}\0{file.name}\0".encode())
                for chunk in file.chunks():
                    digest.update(chunk)
                file.seek(0)
    else:
        digest.update(request.body)
    return digest.hexdigest()


# --- Before the view ----------------------------------------------------------------------------------


def _claim(request: HttpRequest, user: User, key: str) -> _Attempt | HttpResponse:
    """Return this request's attempt, or the answer that stands instead of one."""
    asked = fingerprint(request)
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        row = _row(request, user, key, asked)
        if isinstance(row, _Attempt):
            return row
        if row.fingerprint != asked:
            return answers.problem(request, 422, f"This {HEADER} was used for another request.")
        if row.status is not None:
            return _replay(row)
        is_over = row.leased_until <= timezone.now()
        if row.applied_at and is_over:
            return _answer_is_lost(request)
        if time.monotonic() >= give_up_at:
            response = answers.problem(request, 409, "The same request is still at work. Try again in a moment.")
            response["Retry-After"] = "2"
            return response
        time.sleep(_LOOK_EVERY_SECONDS)


def _row(request: HttpRequest, user: User, key: str, asked: str) -> _Attempt | IdempotentRequest:
    """Return an attempt if the key is new, or if whoever had it died before it applied anything."""
    token, now = uuid4(), timezone.now()
    row, is_new = IdempotentRequest.objects.get_or_create(
        user=user,
        client=request.oidc_client.name,  # type: ignore[attr-defined] # set by TwoSessionsMiddleware
        key=key,
        defaults={"fingerprint": asked, "attempt": token, "leased_until": now + LEASE},
    )
    abandoned = IdempotentRequest.objects.filter(
        pk=row.pk, fingerprint=asked, status=None, applied_at=None, leased_until__lte=now
    )
    if is_new or abandoned.update(attempt=token, leased_until=now + LEASE):
        return _Attempt(row.pk, token)
    return row


def _replay(row: IdempotentRequest) -> HttpResponse:
    kept = json.loads(row.answer)
    response = HttpResponse(kept["body"], status=row.status)
    for name, value in kept["headers"].items():
        response[name] = value
    response[REPLAYED] = "true"
    return response


def _answer_is_lost(request: HttpRequest) -> HttpResponse:
    """Say that it was applied, and no more: the answer went with whoever was at work."""
    if answers.is_htmx(request):
        return HttpResponse(status=204, headers={"HX-Refresh": "true", REPLAYED: "true"})
    text = "This was saved already, but its answer was lost. Open the page again to see it."
    response = answers.problem(request, 409, text, title="Already saved")
    response[REPLAYED] = "true"
    return response


# --- After the view -----------------------------------------------------------------------------------


def _keep(attempt: _Attempt, response: HttpResponseBase) -> None:
    """Keep the answer; one that can't be kept is remembered as lost, and its effect as applied."""
    row = IdempotentRequest.objects.filter(pk=attempt.row, attempt=attempt.token)
    body = _text_of(response)
    try:
        if body is None:
            row.update(applied_at=timezone.now(), leased_until=timezone.now())
        else:
            headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
            row.update(status=response.status_code, answer=json.dumps({"headers": headers, "body": body}))
    except Error:  # a connection that is gone is no DatabaseError
        logger.exception("an idempotent answer could not be kept")


def _text_of(response: HttpResponseBase) -> str | None:
    if not isinstance(response, HttpResponse) or len(response.content) > MAX_ANSWER_CHARACTERS:
        return None
    try:
        return response.content.decode()
    except UnicodeDecodeError:
        return None


def _free(attempt: _Attempt) -> None:
    """Let the key be used again, if nothing was applied under it; else let the next request know at once."""
    row = IdempotentRequest.objects.filter(pk=attempt.row, attempt=attempt.token)
    try:
        if not row.filter(applied_at=None).delete()[0]:
            row.update(leased_until=timezone.now())
    except Error:
        logger.exception("an idempotency key could not be freed; its lease will run out")
