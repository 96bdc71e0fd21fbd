"""The one family of errors: a name, a stable code, and a sentence for the clerk in Chinese and English."""

from __future__ import annotations


class OfficeError(Exception):
    """An act the office refuses, told so that a clerk knows what to do next.

    Subclasses set ``code`` (stable, never reused) and the two sentences as format strings; the keyword arguments
    given when raising fill them. Web and command line each translate the whole family in one place.
    """

    code = "office.error"
    zh = "操作未能完成。"
    en = "The act could not be completed."

    def __init__(self, **details: object) -> None:
        self.details = details
        super().__init__(self.sentence("zh"))

    def sentence(self, language: str = "zh") -> str:
        """The sentence for the clerk, in ``zh`` or ``en``."""
        template = self.en if language == "en" else self.zh
        return template.format(**self.details)

    @classmethod
    def family(cls) -> list[type[OfficeError]]:
        """Every error of the family that is imported now, ordered by code (for the docs and their test)."""
        found: list[type[OfficeError]] = []
        for child in cls.__subclasses__():
            found += [child, *child.family()]
        return sorted(set(found), key=lambda error: (error.code, error.__name__))


class NotAllowed(OfficeError):
    """The actor's role does not include this act."""

    code = "access.not_allowed"
    zh = "您的岗位({role})不能办理此事:{act}。"
    en = "Your role ({role}) may not do this: {act}."


class NotFound(OfficeError):
    """Nothing of that name, or nothing that the asker may know of: both read the same."""

    code = "record.not_found"
    zh = "没有找到:{what}。"
    en = "Not found: {what}."


class BadInput(OfficeError):
    """Something typed in cannot be: the sentence names the field and why."""

    code = "input.bad"
    zh = "填写有误:{what}。"
    en = "This cannot be: {what}."
