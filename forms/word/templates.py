"""Which Word template a form is filled from: the one that the office installed, else the one that is built in.

Installed templates lie as ``words/CODE.docx`` in the data folder; every version that was ever installed stays beside
it as ``words/kept/CODE-DIGEST.docx``, so that a number is printed again in the words it was printed in first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import templates
from forms.catalogue import Form
from records.vault import write_durably


@dataclass(frozen=True)
class WordTemplate:
    """A template's bytes, and whether the office installed it."""

    data: bytes = field(repr=False)
    own: bool = False

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the file; kept with every number that is printed from it."""
        return hashlib.sha256(self.data).hexdigest()

    def version(self, form: Form) -> str:
        """The version as the foot of the page tells it: ``1``, or ``1-3F2A`` of a text of the office's own.

        The suffix is the beginning of the file's digest: the same text has the same version on every machine, and the
        log says who installed it when.
        """
        return f"{form.version}-{self.digest[:4].upper()}" if self.own else str(form.version)


@dataclass(frozen=True)
class WordShelf:
    """Where templates are looked for; ``folder`` is ``words`` in the data folder, None for the built-in ones alone."""

    folder: Path | None = None

    def template(self, form: Form) -> WordTemplate:
        """The template in force. Raises FileNotFoundError for a form that has none."""
        installed = self._installed(form)
        if installed is not None and installed.exists():
            return WordTemplate(installed.read_bytes(), own=True)
        return self.built_in(form)

    @staticmethod
    def built_in(form: Form) -> WordTemplate:
        """The template that came with the program. Raises FileNotFoundError for a form that has none."""
        return WordTemplate(templates.path(f"words/{form.code}.docx").read_bytes())

    def of_digest(self, form: Form, digest: str) -> WordTemplate | None:
        """The very template that a number was printed from, or None where it is gone."""
        kept = self._kept(form, digest)
        if kept is not None and kept.exists():
            found = WordTemplate(kept.read_bytes(), own=True)
            return found if found.digest == digest else None
        built_in = self.built_in(form)
        return built_in if built_in.digest == digest else None

    def versions(self, form: Form) -> Iterator[WordTemplate]:
        """Every template of a form that is still here: the built-in one, and all that were ever installed."""
        yield self.built_in(form)
        kept = sorted((self.folder / "kept").glob(f"{form.code}-*.docx")) if self.folder else []
        yield from (WordTemplate(path.read_bytes(), own=True) for path in kept)

    def install(self, form: Form, data: bytes) -> WordTemplate:
        """Put a checked template in force, and keep it for good. Raises ValueError without a folder."""
        template = WordTemplate(data, own=True)
        for path in (self._kept(form, template.digest), self._installed(form)):
            if path is None:
                raise ValueError("there is no folder to install templates in")
            write_durably(path, data)
        return template

    def remove(self, form: Form) -> bool:
        """Go back to the built-in template; whether there was another. What was kept stays for reprints."""
        installed = self._installed(form)
        if installed is None or not installed.exists():
            return False
        installed.unlink()
        return True

    def _installed(self, form: Form) -> Path | None:
        return self.folder / f"{form.code}.docx" if self.folder else None

    def _kept(self, form: Form, digest: str) -> Path | None:
        return self.folder / "kept" / f"{form.code}-{digest[:16]}.docx" if self.folder else None
