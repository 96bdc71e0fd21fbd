"""Telephone and identity numbers: what owners write is cleaned, what cannot be is named."""

from __future__ import annotations

import pytest

from records.estate import contact_numbers
from records.estate.contact_numbers import BadIdentity, BadPhone


@pytest.mark.parametrize(
    ("typed", "clean"),
    [
        ("13800001111", "13800001111"),
        ("138-0000-1111", "13800001111"),
        ("１３８００００１１１１", "13800001111"),
        ("86 13800001111", "13800001111"),
        ("010-62345678", "010-62345678"),
        ("0571 8765432", "0571-8765432"),
        ("62345678", "62345678"),
        ("(010)62345678 转 801", "010-62345678转801"),
        ("400-820-8820", "4008208820"),
        ("+852 91234567", "+85291234567"),
    ],
)
def test_phones_are_read_however_they_are_written(typed: str, clean: str) -> None:
    assert contact_numbers.phone(typed) == clean


@pytest.mark.parametrize("typed", ["", "电话", "1380000111", "138000011112", "12800001111", "110105194912310021"])
def test_what_is_no_phone_is_refused(typed: str) -> None:
    with pytest.raises(BadPhone):
        contact_numbers.phone(typed)


@pytest.mark.parametrize(
    ("typed", "clean", "kind"),
    [
        ("11010519491231002X", "11010519491231002X", "person"),
        ("110105 19491231 002x", "11010519491231002X", "person"),
        ("91110000600037341L", "91110000600037341L", "company"),
        ("E12345678", "E12345678", "person"),
        ("H0123456789", "H0123456789", "person"),
    ],
)
def test_identity_numbers_tell_whose_they_are(typed: str, clean: str, kind: str) -> None:
    assert contact_numbers.identity(typed) == (clean, kind)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("110105194912310021", "校验码不符"),
        ("110105194913310029", "不存在"),
        ("110105491231002", "15 位"),
        ("91110000600037341A", "统一社会信用代码"),
        ("12345", "应为 18 位"),
    ],
)
def test_what_is_wrong_with_an_identity_number_is_said(typed: str, why: str) -> None:
    with pytest.raises(BadIdentity, match=why):
        contact_numbers.identity(typed)
