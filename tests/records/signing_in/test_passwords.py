"""Passwords: long, none of the commonest, and no rule about kinds of characters."""

from __future__ import annotations

import pytest

from records.signing_in import passwords
from records.signing_in.passwords import CommonPassword, LongPassword, WeakPassword


@pytest.mark.parametrize(
    "common",
    ["Password1234", "password-password", "qwertyuiop12", "123456789012", "aaaaaaaaaaaa", "woaini5201314",
     "东光物业客服中心2026", "Administrator1", "abcdefghijkl", "1q2w3e4r5t6y", "陈晓陈晓陈晓陈晓2026",
     "管理员管理员123456"],
)  # fmt: skip
def test_the_commonest_are_refused(common: str) -> None:
    with pytest.raises(CommonPassword):
        passwords.require_strong(common, "陈晓")


@pytest.mark.parametrize(
    "good", ["今天食堂的红烧肉有点咸啊", "blue stapler hums", "kv7m wq2z p9xd hh4t", "雨天收伞请放门口谢谢123"]
)
def test_a_sentence_needs_no_capital_digit_or_sign(good: str) -> None:
    passwords.require_strong(good, "陈晓")


def test_short_and_endless_ones_are_refused() -> None:
    with pytest.raises(WeakPassword, match="12"):
        passwords.require_strong("短但是很特别", "陈晓")
    with pytest.raises(LongPassword):
        passwords.require_strong("今天食堂的红烧肉有点咸" * 30, "陈晓")


def test_the_parameters_are_pinned() -> None:
    assert passwords.digest("x").startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_a_hash_that_is_none_fits_nothing() -> None:
    assert not passwords.fits("nonsense", "今天食堂的红烧肉有点咸啊")


def test_one_time_words_differ_and_are_never_common() -> None:
    words = {passwords.one_time() for _ in range(50)}
    assert len(words) == 50
    assert not any(passwords.is_common(word) for word in words)
