"""The front desk of the demonstration: prints, signs with drawn ink, scans on a worn scanner, files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import cv2
import numpy as np
import pylopdf_fonts_zh_cn
from PIL import Image, ImageFont
from sqlalchemy import select

from forms.printing import issuing
from forms.printing.shop import Printed
from forms.scanning.imitation import handwriting, samples
from forms.scanning.receiving import batch_work, intake, page_fates
from forms.tables import Book, Layout, Serial
from records import units, users
from records.users import Actor
from web.demo.estate import PEOPLE, Person
from web.office import Office

DPI = 150
QUALITY = 60
LEVELS = ("clean", "clean", "medium")


@dataclass(frozen=True)
class Paper:
    """A printed page on the desk: its picture, and where one signs on it."""

    serial: str
    image: Image.Image
    boxes: Sequence[Mapping[str, Any]]

    @property
    def signatures(self) -> list[str]:
        """The keys of its places to sign or stamp."""
        return [str(box["key"]) for box in self.places]

    @property
    def places(self) -> list[Mapping[str, Any]]:
        """The boxes to sign or stamp; a field to write the owner's name in has the same key as their signature."""
        return [box for box in self.boxes if box["kind"] != "field"]


@dataclass
class Desk:
    """What the clerks do with paper; everything follows from the order in which they do it."""

    office: Office
    seed: int = field(default=0)

    @cached_property
    def actors(self) -> dict[str, Actor]:
        """Who acts, by name."""
        with self.office.reading() as session:
            return {person.name: users.find_actor(session, person.name) for person in PEOPLE}

    def actor(self, person: Person) -> Actor:
        """The person as an actor."""
        return self.actors[person.name]

    def print(
        self, person: Person, form: str, unit: str = "", values: Mapping[str, Any] | None = None, *, word: bool = False
    ) -> Printed:
        """Print a sheet, with a unit's data filled in."""
        with self.office.transaction() as session:
            home = units.find_unit(session, unit) if unit else None
            found = self.office.catalogue.form(form)
            actor = self.actor(person)
            return issuing.print_sheets(
                session, self.office.shop, actor, found, unit=home, values=values or {}, word=word
            )

    def print_book(self, person: Person, form: str, pages: int) -> tuple[str, Printed]:
        """Print a book; its number, and the print."""
        with self.office.transaction() as session:
            form_found = self.office.catalogue.form(form)
            printed = issuing.print_book(session, self.office.shop, self.actor(person), form_found, pages)
            book = printed.book
            assert isinstance(book, Book)
            return book.number, printed

    def sheets(self, printed: Printed, last_copy_only: bool = True) -> list[Paper]:
        """A printed sheet's pages on the desk; of several copies the last, which is the archive's."""
        serial = printed.serials[0]
        with self.office.reading() as session:
            row = session.scalars(select(Serial).where(Serial.text == serial)).one()
            boxes, pages = _boxes(row.layout), row.page_count
        images = list(samples.rasterise(printed.data, DPI))
        shown = images[-pages:] if last_copy_only else images
        return [Paper(serial, image, boxes.get(1 + number % pages, [])) for number, image in enumerate(shown)]

    def book_pages(self, printed: Printed, wanted: Iterable[int]) -> dict[int, Paper]:
        """Some numbered pages of a printed book, which begin behind cover and sign-for page."""
        first, numbers = 2, set(wanted)
        with self.office.reading() as session:
            row = session.scalars(select(Serial).where(Serial.text == printed.serials[0])).one()
            boxes = _boxes(row.layout).get(1, [])
        return {
            number: Paper(printed.serials[number - 1], image, boxes)
            for number, image in enumerate(samples.rasterise(printed.data, DPI), start=1 - first)
            if number in numbers
        }

    def pen_font(self, size: int) -> ImageFont.FreeTypeFont:
        """Something to write with, ``size`` in px."""
        return ImageFont.truetype(str(pylopdf_fonts_zh_cn.serif_path()), size)

    def written(self, paper: Paper, words: Mapping[str, str]) -> Paper:
        """The page with words written by pen into its fields."""
        image = paper.image
        for box in paper.boxes:
            if box["kind"] == "field" and str(box["key"]) in words:
                image = handwriting.write(image, box, words[str(box["key"])], self.seed, DPI)
        return replace(paper, image=image)

    def signed(self, paper: Paper, keys: Iterable[str] | None = None) -> Image.Image:
        """The page with ink in these places to sign (default: in all), worn by the scanner."""
        self.seed += 1
        wanted = paper.signatures if keys is None else list(keys)
        inked = samples.sign(paper.image, paper.places, wanted, self.seed, DPI)
        return samples.degrade(inked, LEVELS[self.seed % len(LEVELS)], self.seed, turn=0)

    def file(self, person: Person, name: str, images: Iterable[Image.Image]) -> list[page_fates.PageFate]:
        """Hand in a pile of scanned pages, and file it."""
        data = samples.scan_pdf(images, DPI, QUALITY)
        actor = self.actor(person)
        with self.office.transaction() as session:
            batch = intake.receive(session, self.office.desk, actor, name, data, source="web")
        return batch_work.work_batch(self.office.database, self.office.desk, actor, batch.id)


def _boxes(layout: Layout | None) -> dict[int, list[Mapping[str, Any]]]:
    found: dict[int, list[Mapping[str, Any]]] = {}
    for box in layout.boxes if layout else []:
        found.setdefault(int(box["page"]), []).append(box)
    return found


def smeared(image: Image.Image) -> Image.Image:
    """A page whose code has met a cup of coffee: nothing of it can be read."""
    pixels = np.array(image)
    height, width = pixels.shape[:2]
    corner = pixels[: height // 5, width * 6 // 10 :]
    corner[:] = cv2.GaussianBlur(corner, (0, 0), width / 40) * np.array([0.75, 0.65, 0.5])
    return Image.fromarray(pixels)
