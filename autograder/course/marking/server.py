"""The local server of the graders' pages."""

import asyncio
import contextlib
import secrets
import signal
from collections.abc import Callable
from socket import socket

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, HTTPError

from autograder.course.marking import page
from autograder.course.marking.desk import Desk
from autograder.course.marking.door import Handler
from autograder.course.marking.form import read_form
from autograder.course.marking.groups import KEY_LENGTH
from autograder.course.marking.ledger import ChangedError
from autograder.errors import ToldError
from autograder.settings import SettingsError

ADDRESS, PORT, TRIED = "127.0.0.1", 8890, 50
LARGEST = 1_000_000  # bytes of a request
DECIDE = "Save again to put yours in its place, or load the page again to see what stands."


class Overview(Handler):
    """All questions."""

    def get(self) -> None:
        """How far each is."""
        self.write(page.overview_page(self.desk))


class Listed(Handler):
    """All answers to a question."""

    def get(self, name: str) -> None:
        """A line for each group."""
        self.write(page.list_page(self.desk, self.question(name)))


class Next(Handler):
    """The first answer to a question that waits."""

    def get(self, name: str) -> None:
        """Go there; where none waits, to all of them."""
        groups = self.desk.groups(self.question(name).name)
        self.redirect(f"/{name}/{next((each.key for each in groups if each.waiting), '')}")


class Answer(Handler):
    """One answer, of all who wrote the same."""

    def get(self, name: str, key: str) -> None:
        """The answer and the form for its mark."""
        question = self.question(name)
        self.write(page.answer_page(self.desk, question, *self.desk.find(name, key)))

    def post(self, name: str, key: str) -> None:
        """Save a mark; says in JSON where to go on, or what keeps it from being saved."""
        given = read_form(lambda field: self.get_body_argument(field, ""), self.question(name))
        following = self.desk.mark(name, key, self.get_body_argument("version", ""), given)
        key = key if given.points is None else following or ""
        self.finish({"next": f"/{name}/{key}" if key else "/"})

    def finish_error(self, error: BaseException | None, sentence: str) -> None:
        """JSON where something was sent; of marks that changed, the version as it is now."""
        if self.request.method != "POST":
            super().finish_error(error, sentence)
        elif isinstance(error, ChangedError) and (version := self._version(*self.path_args)):
            self.finish({"message": f"{sentence} {DECIDE}", "version": version})
        else:
            self.finish({"message": sentence})

    def _version(self, name: str, key: str) -> str:
        try:
            groups, place = self.desk.find(name, key)
        except ToldError:
            return ""
        return groups[place].version


class Text(Handler):
    """A file of the pages' own."""

    def initialize(self, text: Callable[[], str], kind: str) -> None:
        """What it holds, and of what kind it is."""
        self.text, self.kind = text, kind

    def get(self) -> None:
        """The file."""
        self.set_header("Content-Type", f"{self.kind}; charset=utf-8")
        self.write(self.text())


class Nowhere(Handler):
    """Any other address."""

    def get(self) -> None:
        """Raises HTTPError."""
        raise HTTPError(404, "There is no such page.")


def application(desk: Desk, token: str) -> Application:
    """The pages for one grader."""
    return Application(
        [
            (r"/", Overview),
            (r"/marking\.css", Text, {"text": page.style, "kind": "text/css"}),
            (r"/marking\.js", Text, {"text": page.script, "kind": "text/javascript"}),
            (r"/(\w+)/", Listed),
            (r"/(\w+)/next", Next),
            (rf"/(\w+)/([0-9a-f]{{{KEY_LENGTH}}})", Answer),
        ],
        default_handler_class=Nowhere,
        desk=desk,
        token=token,
        log_function=lambda handler: None,  # addresses hold the token
    )


def serve(desk: Desk, port: int | None, say: Callable[[str], None]) -> None:
    """Serve a grader until the program is asked to end; `say` is told the address.

    Raises SettingsError where the port is taken.
    """
    token, sockets = secrets.token_urlsafe(32), _listening(port)
    address = f"http://{ADDRESS}:{sockets[0].getsockname()[1]}/?token={token}"
    asyncio.run(_serve(application(desk, token), sockets, lambda: say(address)))


def _listening(port: int | None) -> list[socket]:
    """Sockets at a port of this machine; where none is asked for, at the first that is free."""
    ports = range(PORT, PORT + TRIED) if port is None else range(port, port + 1)
    for each in ports:
        with contextlib.suppress(OSError):
            return bind_sockets(each, ADDRESS)
    raise SettingsError(f"port {ports[-1]} is taken: say another --port")


async def _serve(pages: Application, sockets: list[socket], say: Callable[[], None]) -> None:
    server, ended = HTTPServer(pages, max_body_size=LARGEST), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    server.add_sockets(sockets)
    say()
    await ended.wait()
    server.stop()
    await server.close_all_connections()
