"""People who never lived: texts about them, and where they were born."""

from importlib.resources import files
from pathlib import Path
from typing import Literal

Name = Literal["wiki", "train", "dev", "test"]
FILES: dict[Name, str] = {
    "wiki": "wiki.txt",
    "train": "birth_places_train.tsv",
    "dev": "birth_dev.tsv",
    "test": "birth_test_inputs.tsv",
}
PACKAGED = Path(str(files("autograder.tools"))) / "birth_places"


def data_file(
    name: Name, folder: str | Path | None = "data", people: Literal["small", "large"] = "small"
) -> Path:
    """The file of a folder of your own where it has one under the original's name, else the kit's.

    With None it is the kit's, whatever there is. `wiki` has a text on each line; `train` and `dev`
    have a question, a tab and a place; `test` has questions alone, of the small set.
    """
    if folder is not None and (Path(folder) / FILES[name]).is_file():
        return Path(folder) / FILES[name]
    return PACKAGED / people / FILES[name]
