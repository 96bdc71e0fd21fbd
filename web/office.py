"""The office put together: settings, database, vault, and what each floor needs, composed in one place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from forms import book_records
from forms.catalogue import Catalogue, life_events, load_catalogue
from forms.drawing.typeface import load_typeface
from forms.printing.shop import PrintShop
from forms.scanning.desk import ScanDesk
from forms.word.templates import WordShelf
from records import changes
from records.database import Database
from records.errors import OfficeError
from records.estate.completeness import LifeEvent
from records.settings import Settings
from records.vault import MasterKey, Vault, key_holders
from search import names
from search.index import Index
from web import schema


class NotSetUp(OfficeError):
    """There is no office in the data folder yet."""

    code = "office.not_set_up"
    zh = "数据目录 {home} 尚未初始化,请先运行 yedang init。"
    en = "There is no office in {home} yet; run yedang init first."


class Office:
    """One running office. Made once by the outermost caller: the web application, a command, the worker."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.database = Database(settings.database_url)
        self.vault = Vault(settings.home / "vault", MasterKey(settings.master_key))
        # The index follows every act inside the act's own transaction.
        self.database.before_commit.append(self._follow)

    @classmethod
    def open(cls, settings: Settings) -> Office:
        """The office in the data folder. Raises NotSetUp before ``init``."""
        office = cls(settings)
        file = office.database.file
        if (file is not None and not file.exists()) or not inspect(office.database.engine).has_table("audit_log"):
            raise NotSetUp(home=settings.home)
        return office

    @classmethod
    def init(cls, settings: Settings) -> Office:
        """Make the data folder, the keys and the database, or bring them up to date; safe to repeat."""
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        office = cls(settings)
        office.vault.master.create()
        schema.upgrade(office.database)
        with office.transaction() as session:
            key_holders.enrol(session, office.vault.master)
            book_records.note_missing(session, office.catalogue)
        return office

    @cached_property
    def catalogue(self) -> Catalogue:
        """The forms that this office knows: the handbook's, and its own from ``forms`` in the data folder."""
        return load_catalogue(self.settings.home / "forms")

    @cached_property
    def life_events(self) -> tuple[LifeEvent, ...]:
        """What moving in, a renovation and a transfer ask of a dossier."""
        return life_events.load(self.catalogue)

    @cached_property
    def shop(self) -> PrintShop:
        """What printing works with."""
        secret = self.vault.master.page_secret()
        shelf = WordShelf(self.settings.home / "words")
        return PrintShop(self.catalogue, load_typeface(), secret, self.settings.office, shelf)

    @cached_property
    def desk(self) -> ScanDesk:
        """What the scanning desk works with."""
        return ScanDesk(self.catalogue, self.vault, self.vault.master.page_secret())

    @cached_property
    def index(self) -> Index:
        """The full-text index, which knows every form and procedure by all their names."""
        names = {form.code: self.catalogue.names(form) for form in self.catalogue.forms}
        series = {one.key: [one.zh, one.en] for one in self.catalogue.procedures}
        return Index(names, series)

    def _follow(self, session: Session) -> None:
        # Most commands change nothing and never need the catalogue's names: the index is made on first use.
        if changes.touched(session):
            self.index.follow(session)
        names.follow(session)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One act: commits once at the end."""
        with self.database.transaction() as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A look that writes nothing."""
        with self.database.reading() as session:
            yield session
