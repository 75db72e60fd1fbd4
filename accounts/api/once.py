"""Writes of the API with an idempotency key: applied once, behind the guards, as those of pages are."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import idempotency


class OnceAPIView(APIView):
    """Asks the guards, then answers a request with a key once, or repeats the answer.

    It is the finished answer that is kept, a problem's refusal included as far as it is kept at all.
    """

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer as DRF's own `dispatch` does, with the handler alone under the key."""
        self.args, self.kwargs = args, kwargs
        asked = self.request = self.initialize_request(request, *args, **kwargs)
        self.headers = self.default_response_headers
        try:
            self.initial(asked, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - what is no refusal is raised again by `handle_exception`
            return self._finished(self.handle_exception(error))
        answer = idempotency.once(request, lambda: self._handled(asked))
        # A repeated answer, or a refusal of the key itself, has not gone through here.
        return answer if isinstance(answer, Response) else self._finished(answer)

    def _handled(self, asked: Request) -> HttpResponseBase:
        name = (asked.method or "").lower()
        handler = getattr(self, name, None) if name in self.http_method_names else None
        try:
            response = (handler or self.http_method_not_allowed)(asked, *self.args, **self.kwargs)
        except Exception as error:  # noqa: BLE001 - as above
            response = self.handle_exception(error)
        return self._finished(response)

    def _finished(self, response: Any) -> HttpResponseBase:
        self.response: Any = self.finalize_response(self.request, response, *self.args, **self.kwargs)
        finished: HttpResponseBase = self.response
        return finished
