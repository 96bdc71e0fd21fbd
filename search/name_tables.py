"""What the register is looked up by while somebody types: every beginning of a code, a name, or a name's sound."""

from __future__ import annotations

from sqlalchemy import Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from records.database import Base

#: Longer keys are cut, in the table and in what is asked.
LONGEST_KEY = 64


class NameKey(Base):
    """One way in which a unit, a present owner or somebody registered with them is called.

    ``kind``: unit, owner, person (of ``dossier_people``). The table is disposable, like the index: it names no foreign
    key, and whoever asks it reads the record behind each row. Keys compare by code point on both databases, so that
    all that begin alike stand side by side.
    """

    __tablename__ = "search_names"
    __table_args__ = (Index("search_names_subject", "kind", "subject_id"),)

    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    key: Mapped[str] = mapped_column(
        String(LONGEST_KEY).with_variant(String(LONGEST_KEY, collation="C"), "postgresql"), primary_key=True
    )
    subject_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
