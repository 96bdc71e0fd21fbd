"""The chain: neighbours know each other."""

from forms.books import chain


def test_a_link_depends_on_the_serial_and_the_secret() -> None:
    links = {
        chain.link(secret, serial)
        for secret in (b"a", b"b")
        for serial in ("HF-01-2026-000001-5", "HF-01-2026-000002-3")
    }
    assert len(links) == 4
    assert all(len(link) == chain.LENGTH for link in links)


def test_before_the_first_page_there_is_none() -> None:
    assert chain.link(b"a", None) == "----"
