"""Works a check off: images piece by piece, each piece committed; then everything that is checked at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext

from sqlalchemy.orm import Session

from forms import numbers_check
from forms.scanning.tray import tray_texts
from records import checks, readings, verify
from records.checks import Piece
from records.paper import paper_check
from records.vault import opening
from records.vault.opening import Prover
from records.verify import Finding
from search import names
from web.checking import consistency
from web.office import Office

Progress = Callable[[int, int], None]
#: From so many images on it is worth starting processes that open them.
MANY = 1000


def at_once(session: Session, office: Office, lying: Sequence[str]) -> Iterator[Finding]:
    """Everything but the images: log, records, numbers, texts, index, keys, stray files, grants, holds, backups.

    ``lying``: the vault's files before the session began (``verify.lying``).
    """
    yield from verify.check_log(session)
    yield from verify.check_records(session)
    yield from numbers_check.findings(session)
    yield from readings.findings(session)
    yield from paper_check.findings(session)
    yield from tray_texts.findings(session)
    yield from office.index.findings(session)
    yield from names.findings(session)
    yield from verify.check_keys(session, office.vault)
    yield from verify.stray_files(session, office.vault, lying)
    yield from consistency.findings(session)


def work_piece(
    office: Office, run_id: int | None = None, progress: Progress | None = None, prover: Prover | None = None
) -> bool:
    """One piece of the check that waits (or of that one); False when none waits.

    Looked at without holding anybody up, and kept only if nobody else has gone on with it meanwhile.
    """
    with office.transaction() as session:
        claimed = checks.claim(session, run_id)
        if claimed is None:
            return False
        run_id, lease = claimed.id, claimed.leased_until
    with office.reading() as session:
        piece = checks.open_piece(session, office.vault, checks.find(session, run_id), prover)
    last = piece.count == 0
    if last:
        lying = verify.lying(office.vault)
        with office.reading() as session:
            piece = Piece(piece.last_blob, 0, list(at_once(session, office, lying)))
    with office.transaction() as session:
        run = checks.find(session, run_id)
        if run.leased_until == lease:
            checks.note(session, office.vault, run, piece)
            if last:
                checks.finish(session, run)
        if progress:
            progress(run.done, max(run.total, run.done))
    return True


def work_off(office: Office, run_id: int, progress: Progress | None = None, *, look: bool = False) -> None:
    """All the pieces of a check, until it is finished (by us or by somebody else).

    Many images are opened several at a time; ``look`` decodes each one.
    """
    with office.reading() as session:
        run = checks.find(session, run_id)
        many = run.total > MANY and office.vault.master.can_open()
    with opening.several(office.vault, look=look or run.kind == "sample") if many else nullcontext() as several:
        prover = several or (opening.here(office.vault, look=True) if look else None)
        while work_piece(office, run_id, progress, prover):
            pass
