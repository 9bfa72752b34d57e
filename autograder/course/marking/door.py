"""Who may see the graders' pages: this machine's browser, and who has the token of this run.

Any page on the internet can make a browser send requests to this machine, under a name of its own
that leads here (DNS rebinding), or as a form (CSRF). So Host must be this machine, Origin the
server itself where something is changed, and a cookie must hold the token.
"""

import hmac
import re
from types import TracebackType
from typing import Any

from tornado.web import HTTPError, RequestHandler

from autograder.course.marking import page
from autograder.course.marking.desk import Desk, Question
from autograder.errors import ToldError

HOST = re.compile(r"(127\.0\.0\.1|localhost)(:[0-9]{1,5})?")  # any port: a tunnel has its own
COOKIE = "autograder-mark"
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",  # nothing of a student's is a file here
        "style-src 'self'",
        "style-src-attr 'unsafe-inline'",  # how columns of tables are aligned
        "img-src data:",
        "connect-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Server": "autograder",
}
NO_TOKEN = (
    "This address is not enough: open the whole one that `autograder mark` printed, with the token "
    "of this run."
)
UNFORESEEN = "Something went wrong here: the terminal of `autograder mark` says what."


class Handler(RequestHandler):
    """A page for who may see it."""

    @property
    def desk(self) -> Desk:
        """The grader's."""
        desk: Desk = self.settings["desk"]
        return desk

    def question(self, name: str) -> Question:
        """A question by its name. Raises HTTPError."""
        if name not in self.desk.questions:
            raise HTTPError(404, "There is no such question.")
        return self.desk.questions[name]

    def set_default_headers(self) -> None:
        """Nothing of a student's runs, and nothing is kept."""
        for name, value in HEADERS.items():
            self.set_header(name, value)

    def prepare(self) -> None:
        """Let in who has the token, from a page of this server's. Raises HTTPError."""
        if not HOST.fullmatch(self.request.host):
            raise HTTPError(403, "This server has another name.")
        if self.request.method != "GET" and not self._is_from_here():
            raise HTTPError(403, "Another page sent this.")
        if self._is_right(self.get_query_argument("token", "")):
            self._let_in()
        elif not self._is_right(self.get_cookie(COOKIE, "") or ""):
            raise HTTPError(403, NO_TOKEN)

    def _is_from_here(self) -> bool:
        return self.request.headers.get("Origin") == f"http://{self.request.host}"

    def _is_right(self, token: str) -> bool:
        return hmac.compare_digest(token.encode(), self.settings["token"].encode())

    def _let_in(self) -> None:
        """Keep the token in a cookie, and out of the address."""
        self.set_cookie(COOKIE, self.settings["token"], httponly=True, samesite="Lax")
        self.redirect("/")

    def write_error(self, status_code: int, **more: Any) -> None:
        """Say in a sentence what is wrong; what a user can mend is a conflict."""
        error = more.get("exc_info", (None, None, None))[1]
        if isinstance(error, ToldError):
            self.set_status(409)
        self.finish_error(error, _sentence(error, self._reason))

    def finish_error(self, error: BaseException | None, sentence: str) -> None:
        """A page with a sentence."""
        self.finish(page.sentence_page(sentence))

    def log_exception(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Into the terminal, where no sentence explains it."""
        if not isinstance(error, HTTPError | ToldError):
            super().log_exception(kind, error, trace)


def _sentence(error: BaseException | None, reason: str) -> str:
    if isinstance(error, ToldError):
        return f"{str(error)[:1].upper()}{str(error)[1:]}."
    if isinstance(error, HTTPError):
        return error.log_message or f"{reason}."
    return UNFORESEEN
