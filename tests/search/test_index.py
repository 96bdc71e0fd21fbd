"""The index is right in the same transaction, forgets every word of what is gone, and says where it is not right."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from records import changes
from records.database import Database
from records.tables import Document, Owner, Page
from search.engines import engine_for
from search.index import Index
from search.tables import SearchEntry
from tests.search.conftest import Office, put_document, put_page


def test_an_act_and_its_words_are_found_together_or_not_at_all(office: Office) -> None:
    with pytest.raises(RuntimeError), office.database.transaction() as session:
        put_document(session, pages=["电梯困人"])
        raise RuntimeError
    assert office.ask("电梯困人").total == 0
    with office.database.transaction() as session:
        put_document(session, pages=["电梯困人"])
    assert office.ask("电梯困人").total == 1


def test_recognised_text_corrections_and_owner_changes_show_in_the_next_query(office: Office) -> None:
    with office.database.transaction() as session:
        document = session.get_one(Document, office.documents["noise"])
        put_page(session, document, 2, "补充:阳台渗水")
        session.execute(update(Owner).where(Owner.name == "李𬱖").values(name="李更名"))
        changes.touch(session, [document.id, office.documents["spaced"]])
    assert "noise" in office.found("渗水")
    assert office.found("业主:李更名") == {"noise", "spaced"} and office.found("李𬱖") == set()


def test_a_new_date_moves_the_document_in_the_order(office: Office) -> None:
    with office.database.transaction() as session:
        session.get_one(Document, office.documents["survey"]).dated = (
            office.ask("漏水").hits[0].dated.replace(year=2030)
        )
        changes.touch(session, [office.documents["survey"]])
    assert office.found("日期:2030") == {"survey"}
    assert office.found("日期:2022-12") == set()
    assert _findings(office) == []


@pytest.mark.parametrize("state", ["superseded", "destroyed"])
def test_what_is_superseded_or_destroyed_is_found_no_more(office: Office, state: str) -> None:
    with office.database.transaction() as session:
        session.get_one(Document, office.documents["leak"]).state = state
        changes.touch(session, [office.documents["leak"]])
    assert office.found("漏水") == {"spaced", "visit"}
    assert _findings(office) == []


def test_a_purged_document_leaves_no_byte_of_its_words_in_the_file(sqlite_database: Database, index: Index) -> None:
    sqlite_database.before_commit.append(index.follow)
    words = [f"密语{number}x{number * 7919}" for number in range(40)]
    with sqlite_database.transaction() as session:
        secret = put_document(session, pages=[f"欧阳震华 13512349876 特殊病历 {' '.join(words)}"]).id
        for number in range(300):
            put_document(session, pages=[f"例行回访{number},无意见。密语{number}y"])
    _checkpoint(sqlite_database)
    path = sqlite_database.file
    assert path is not None
    assert b"13512349876" in path.read_bytes() and "病历".encode() in path.read_bytes()
    with sqlite_database.transaction() as session:
        session.execute(text("DELETE FROM pages WHERE document_id = :id"), {"id": secret})
        session.get_one(Document, secret).state = "destroyed"
        changes.touch(session, [secret])
    _checkpoint(sqlite_database)
    left = b"".join(file.read_bytes() for file in path.parent.glob(path.name + "*"))
    for trace in ("13512349876", "欧阳", "震华", "病历", "x7919", "39x308841", "39x3088"):
        assert trace.encode() not in left, trace
    with sqlite_database.engine.connect() as connection:
        connection.exec_driver_sql("CREATE VIRTUAL TABLE temp.words USING fts5vocab('main', 'search_words', 'row')")
        kept = set(connection.exec_driver_sql("SELECT term FROM words").scalars())
        connection.rollback()
    assert {"欧", "欧阳", "13512349876", "病历"}.isdisjoint(kept)
    with sqlite_database.reading() as session:
        assert list(index.findings(session)) == []


def _checkpoint(database: Database) -> None:
    with database.engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")


def test_a_purge_on_postgresql_leaves_no_word_in_its_files(postgresql_database: Database, index: Index) -> None:
    database = postgresql_database
    database.before_commit.append(index.follow)
    with database.transaction() as session:
        secret = put_document(session, pages=["欧阳震华 13512349876 特殊病历"]).id
        put_document(session, pages=["例行回访,无意见。"])
    with database.transaction() as session:
        session.execute(text("DELETE FROM pages WHERE document_id = :id"), {"id": secret})
        session.get_one(Document, secret).state = "destroyed"
        changes.touch(session, [secret])
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in ("search_entries", "search_words", "pages"):
            connection.execute(text(f"VACUUM FULL {table}"))
        connection.execute(text("CHECKPOINT"))
        files = text(
            "SELECT relname FROM pg_class WHERE relname LIKE 'search%' AND pg_relation_filepath(oid) IS NOT NULL"
        )
        relations = set(connection.scalars(files))
        assert relations >= {"search_entries", "search_words_whole", "search_words_whole_tokens"}
        for relation in relations:
            raw = connection.scalar(text("SELECT pg_read_binary_file(pg_relation_filepath(:name))"), {"name": relation})
            assert b"13512349876" not in raw and "病历".encode() not in raw, relation


def test_two_clerks_adding_pages_at_once_are_both_found(postgresql_database: Database, index: Index) -> None:
    database = postgresql_database
    database.before_commit.append(index.follow)
    with database.transaction() as session:
        document_id = put_document(session).id
    ready = threading.Barrier(2)

    def add(position: int, words: str) -> None:
        with database.transaction() as session:
            put_page(session, session.get_one(Document, document_id), position, words)
            changes.touch(session, [document_id])
            ready.wait(timeout=10)

    clerks = [
        threading.Thread(target=add, args=(n, words)) for n, words in enumerate(["电梯困人", "阳台渗水"], start=1)
    ]
    for clerk in clerks:
        clerk.start()
    for clerk in clerks:
        clerk.join(timeout=20)
    with database.reading() as session:
        words = session.scalars(select(SearchEntry.words)).one()
        assert "电梯困人" in words and "阳台渗水" in words
        assert list(index.findings(session)) == []


def _findings(office: Office) -> list[tuple[str, str]]:
    with office.database.reading() as session:
        return [(finding.code, finding.subject) for finding in office.index.findings(session)]


def test_the_check_names_what_is_missing_stale_and_extra(office: Office) -> None:
    leak, noise, visit, survey = (office.documents[name] for name in ("leak", "noise", "visit", "survey"))
    with Session(office.database.engine) as session, session.begin():
        session.execute(update(Page).where(Page.document_id == leak).values(text="改了"))
        session.execute(update(Document).where(Document.id == noise).values(state="superseded"))
        places = dict(session.execute(select(SearchEntry.document_id, SearchEntry.place)).all())
        words = {entry.place: (entry.place, entry.words, entry.facts) for entry in session.scalars(select(SearchEntry))}
        engine_for(session).remove(session, [words[places[visit]], words[places[survey]]])
        engine_for(session).put(session, [(places[survey], " 别的 ", "")])
    assert set(_findings(office)) == {
        ("search.stale", f"document:{leak}"),
        ("search.extra", f"document:{noise}"),
        ("search.missing", f"document:{visit}"),
        ("search.stale", f"document:{survey}"),
    }
    office.index.rebuild(office.database)
    assert _findings(office) == []


def test_the_check_names_a_document_that_its_entry_ascribes_to_another_dossier(office: Office) -> None:
    leak = office.documents["leak"]
    with Session(office.database.engine) as session, session.begin():
        where = SearchEntry.document_id == leak
        session.execute(update(SearchEntry).where(where).values(dossier_id=SearchEntry.dossier_id + 1))
    assert _findings(office) == [("search.stale", f"document:{leak}")]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_the_check_names_a_document_that_its_words_ascribe_to_another_dossier(office: Office) -> None:
    leak = office.documents["leak"]
    with Session(office.database.engine) as session, session.begin():
        own = "place IN (SELECT place FROM search_entries WHERE document_id = :leak)"
        session.execute(text(f"UPDATE search_words SET dossier_id = dossier_id + 1 WHERE {own}"), {"leak": leak})
    assert _findings(office) == [("search.stale", f"document:{leak}")]
    office.index.rebuild(office.database)
    assert _findings(office) == []


def test_a_lost_or_broken_index_is_named_and_made_again(office: Office) -> None:
    before = office.found("漏水 或 业主:张")
    with office.database.transaction() as session:
        engine_for(session).drop(session.connection())
    assert _findings(office) == [("search.broken", "search")]
    steps: list[tuple[int, int]] = []
    assert office.index.rebuild(office.database, lambda done, total: steps.append((done, total))) == steps[-1][1]
    assert office.found("漏水 或 业主:张") == before and _findings(office) == []


def test_flipped_bytes_in_the_segments_are_noticed(sqlite_database: Database, index: Index) -> None:
    sqlite_database.before_commit.append(index.follow)
    with sqlite_database.transaction() as session:
        put_document(session, pages=["阳台渗水"])
    with sqlite_database.transaction() as session:
        flipped = "substr(block, 1, 30) || x'ffffffff' || substr(block, 35)"
        session.execute(text(f"UPDATE search_words_data SET block = {flipped} WHERE id > 10"))
    with sqlite_database.reading() as session:
        found = [finding.code for finding in index.findings(session)]
    assert found in (["search.broken"], ["search.stale"])


def test_an_entry_of_an_older_analysis_is_stale(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.analysis.VERSION", "0/1.0.0")
    codes = [code for code, _ in _findings(office)]
    assert set(codes) == {"search.stale"} and len(codes) == 38


def test_a_very_long_text_is_cut_and_not_refused(database: Database, index: Index) -> None:
    database.before_commit.append(index.follow)
    with database.transaction() as session:
        characters = "".join(chr(0x4E00 + number * 7 % 20000) for number in range(150_000))
        put_document(session, pages=[characters, "x" * 300_000])
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(SearchEntry)) == 1
