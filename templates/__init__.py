"""Opens the project's data files: the catalogue, the schedule, the sections, the Word templates."""

from importlib import resources
from pathlib import Path


def path(relative: str) -> Path:
    """Where a data file or folder lies, e.g. ``path("words/RZ-01.docx")``.

    Raises FileNotFoundError when it does not exist.
    """
    found = Path(str(resources.files(__name__).joinpath(relative)))
    if not found.exists():
        raise FileNotFoundError(f"templates/{relative}")
    return found


def read_text(relative: str) -> str:
    """The UTF-8 text of a data file, e.g. ``read_text("retention_rules.yaml")``."""
    return path(relative).read_text(encoding="utf-8")


def names(folder: str) -> list[str]:
    """The names of the data files in a folder, sorted, e.g. ``names("procedures")``."""
    return sorted(file.name for file in path(folder).iterdir() if file.is_file() and not file.name.startswith("."))
