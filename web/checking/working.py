"""Works a check off: images piece by piece, each piece committed; then everything that is checked at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlalchemy.orm import Session

from forms import numbers_check
from forms.scanning import tray_texts
from records import checks, paper_check, readings, verify
from records.checks import Piece
from records.verify import Finding
from search import names
from web.checking import consistency
from web.office import Office

Progress = Callable[[int, int], None]


def at_once(session: Session, office: Office) -> Iterator[Finding]:
    """Everything but the images: log, records, numbers, texts, index, keys, stray files, grants, holds, backups."""
    yield from verify.check_log(session)
    yield from verify.check_records(session)
    yield from numbers_check.findings(session)
    yield from readings.findings(session)
    yield from paper_check.findings(session)
    yield from tray_texts.findings(session)
    yield from office.index.findings(session)
    yield from names.findings(session)
    yield from verify.check_keys(session, office.vault)
    yield from verify.stray_files(session, office.vault)
    yield from consistency.findings(session)


def work_piece(office: Office, run_id: int | None = None, progress: Progress | None = None) -> bool:
    """One piece of the check that waits (or of that one); False when none waits.

    Looked at without holding anybody up, and kept only if nobody else has gone on with it meanwhile.
    """
    with office.transaction() as session:
        claimed = checks.claim(session, run_id)
        if claimed is None:
            return False
        run_id, lease = claimed.id, claimed.leased_until
    with office.reading() as session:
        run = checks.find(session, run_id)
        piece = checks.open_piece(session, office.vault, run)
        last = piece.count == 0
        if last:
            piece = Piece(run.last_blob, 0, list(at_once(session, office)))
    with office.transaction() as session:
        run = checks.find(session, run_id)
        if run.leased_until == lease:
            checks.note(run, piece)
            if last:
                checks.finish(session, run)
        if progress:
            progress(run.done, max(run.total, run.done))
    return True


def work_off(office: Office, run_id: int, progress: Progress | None = None) -> None:
    """All the pieces of a check, until it is finished (by us or by somebody else)."""
    while work_piece(office, run_id, progress):
        pass
