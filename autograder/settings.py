"""The course's settings: traitlets of `nbgrader_config.py`, read by every command."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from pathlib import Path

from traitlets import Bool, Float, Int, Unicode
from traitlets.config import Config, Configurable, PyFileConfigLoader

from autograder import __version__
from autograder.checks.language import ENGLISH, languages
from autograder.errors import ToldError
from autograder.files import PRIVATE, write_new

CONFIG_FILE = "nbgrader_config.py"
WHEEL = f"coursework_kit-{__version__}-py3-none-any.whl"
SHORTEST_SECRET = 32  # characters


class SettingsError(ToldError):
    """A course folder that cannot be used; the message says what to do."""


class Course(Configurable):
    """What an instructor may set, as `c.Course.<name>`."""

    wheel_url = Unicode(
        "",
        help="Where notebooks install the student wheel from; default: the repository's folder.",
    ).tag(config=True)
    repository = Unicode(
        "", help="owner/name on GitHub of what `autograder site` writes, for the badges."
    ).tag(config=True)
    branch = Unicode("main", help="Branch of the repository that the badges open.").tag(config=True)
    secret_file = Unicode(
        "build/keys/secret",
        help="The course secret, from which hidden seeds derive; made on first use.",
    ).tag(config=True)
    extensions_file = Unicode(
        "build/extensions.csv",
        help="Extensions that `autograder extend` grants; where two machines see it, both know.",
    ).tag(config=True)
    groups_file = Unicode(
        "build/groups.csv", help="Who hands in together, as `autograder groups` was told."
    ).tag(config=True)
    language = Unicode(
        ENGLISH, help="Language of sources where they say no other, and so of the checks there."
    ).tag(config=True)
    hidden_cases = Int(2, help="Hidden seeds for each probe.").tag(config=True)
    wanted_mistakes = Int(0, help="Known mistakes that an exercise must have to be built.").tag(
        config=True
    )
    cell_seconds = Float(60.0, help="Time limit of one cell while grading.").tag(config=True)
    sandbox = Bool(True, help="Confine student code; off only on a machine to lose.").tag(
        config=True
    )
    pseudonyms = Bool(False, help="Print pseudonyms in the class table.").tag(config=True)
    leaderboard_names = Bool(False, help="Show names in the leaderboard, not pseudonyms.").tag(
        config=True
    )

    def __init__(self, root: Path, config: Config) -> None:
        super().__init__(config=config)
        self.root = root
        if self.language not in languages():
            known = ", ".join(languages())
            raise SettingsError(f"Course.language: {self.language!r} is none of {known}")

    @property
    def where_the_wheel_is(self) -> str:
        """The address that notebooks install the wheel from: that of the public repository."""
        if self.wheel_url or not self.repository:
            return self.wheel_url
        return f"https://github.com/{self.repository}/raw/{self.branch}/{WHEEL}"

    @property
    def solutions(self) -> Path:
        """Where authors write."""
        return self.root / "solutions"

    @property
    def notebooks(self) -> Path:
        """Where released notebooks are."""
        return self.root / "notebooks"

    @property
    def build(self) -> Path:
        """Where everything else is made."""
        return self.root / "build"

    def source_path(self, assignment: str) -> Path:
        """The source of an assignment. Raises SettingsError where there is none."""
        path = self.solutions / assignment / f"{assignment}.py"
        if not path.is_file():
            known = ", ".join(self.assignments()) or "none"
            raise SettingsError(f"no assignment {assignment!r} in solutions/ (there: {known})")
        return path

    def assignments(self) -> list[str]:
        """Names of all assignments: folders under solutions/ with a source of their name."""
        return sorted(
            p.parent.name for p in self.solutions.glob("*/*.py") if p.stem == p.parent.name
        )

    def is_own(self, assignment: str) -> bool:
        """Whether an assignment has a source, and is not an ordinary one of nbgrader's."""
        return (self.solutions / assignment / f"{assignment}.py").is_file()

    def released(self, assignment: str, language: str = "") -> Path:
        """The student's notebook of an assignment, or its translation to a language."""
        name = f"{assignment}.{language}" if language else assignment
        return self.notebooks / assignment / f"{name}.ipynb"

    def translations(self, assignment: str) -> dict[str, Path]:
        """Its released notebook in further languages, where there are any."""
        found = {language: self.released(assignment, language) for language in languages()}
        return {language: path for language, path in found.items() if path.is_file()}

    def in_all_languages(self, assignment: str) -> list[Path]:
        """Its released notebook, and its translations."""
        return [self.released(assignment), *self.translations(assignment).values()]

    def word(self, assignment: str) -> str:
        """What students call their notebook: a word of its own for the collector, or its name."""
        words: dict[str, str] = self.config.LmsExtractor.get("words") or {}
        return words.get(assignment, assignment)

    def hidden_seeds(self, assignment: str, exercise: str, draw: int = 0) -> list[int]:
        """The hidden seeds of an exercise: HMAC (RFC 2104) of the course secret over its name.

        Another draw gives others, where the first ones are unlucky.
        """
        first = draw * self.hidden_cases
        return [
            int.from_bytes(self._hmac(f"{assignment}/{exercise}/{index}")[:4], "big")
            for index in range(first, first + self.hidden_cases)
        ]

    def pseudonym(self, student: str) -> str:
        """A stable name that says nothing about the student, to those without the secret."""
        return "student-" + self._hmac(f"pseudonym/{student}").hex()[:8]

    def drawn(self, students: Iterable[str], draw: str) -> list[str]:
        """The students in an order that the draw's name and the course secret decide."""
        return sorted(students, key=lambda student: self._hmac(f"draw/{draw}/{student}"))

    def secret_of_copy(self, name: str) -> str:
        """The secret of a copy of the course that lies elsewhere; it tells nothing of this one."""
        return self._hmac(f"copy/{name}").hex()

    def _hmac(self, text: str) -> bytes:
        return hmac.digest(self.secret(), text.encode(), hashlib.sha256)

    def secret(self) -> bytes:
        """The course secret; a new one, for its owner's eyes only, is written where none exists.

        Raises SettingsError for one that is too short, and for a lost one that grades rest on.
        """
        path = self.root / self.secret_file
        if not path.exists():
            self._refuse_replacing()
            write_new(path, secrets.token_hex(32), PRIVATE)
        secret = path.read_bytes().strip(b"\0 \t\r\n")  # zeros are what a crash leaves
        if len(secret) < SHORTEST_SECRET:
            raise SettingsError(
                f"{self.secret_file} holds {len(secret)} characters, and a course secret at least "
                f"{SHORTEST_SECRET}: put a copy of it back; where nothing is graded yet, delete it"
            )
        return secret

    def _refuse_replacing(self) -> None:
        """With another secret all hidden inputs were others, and the class would be graded anew."""
        reports = (self.build / "reports").glob("*/*.json")
        autograded = (self.build / "autograded").glob("*/*/*.ipynb")
        if any(reports) or any(file.stem in self.assignments() for file in autograded):
            raise SettingsError(
                f"{self.secret_file} is missing, and grades rest on it: put a copy of it back, or "
                f"write {SHORTEST_SECRET} characters or more there to grade all with other inputs"
            )


def find_course(start: Path | None = None) -> Course:
    """The course of this folder or the nearest one above it. Raises SettingsError."""
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if (folder / CONFIG_FILE).is_file():
            return Course(folder, _configuration(folder))
    raise SettingsError(f"no {CONFIG_FILE} in {start} or above: run this inside the course folder")


def _configuration(folder: Path) -> Config:
    """What an instructor wrote. Raises SettingsError, with the line, where it is no Python."""
    try:
        return PyFileConfigLoader(CONFIG_FILE, path=str(folder)).load_config()
    except SyntaxError as error:
        raise SettingsError(f"{CONFIG_FILE}, line {error.lineno}: {error.msg}") from None
