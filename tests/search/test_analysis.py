"""One analysis for index and question: nothing depends on how a context is cut."""

from __future__ import annotations

import doctest
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search import analysis, characters, engine, expressions, leaves, sounds, sources, tables
from search.analysis import fold, fragment_form, normal_form, run_tokens, specials, words_tokens


def text_tokens(folded: str) -> set[str]:
    """What a text is found by."""
    return words_tokens(normal_form(folded)) | {special.token for special in specials(folded)}


@pytest.mark.parametrize("module", [analysis, characters, engine, expressions, leaves, sounds, sources, tables])
def test_the_docstrings_tell_the_truth(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("在3-2-1201,", "m§3x2x1201"),
        ("三栋二单元1201室", "m§3x2x1201"),
        ("3#2-1201", "m§3x2x1201"),
        ("13号楼1单元302", "m§13x1x302"),
        ("A座1单元302", "m§ax1x302"),
        ("hf-01-2026-000123-7。", "r§hf012026000123"),
        ("HF012026000123", "r§hf012026000123"),
        ("2026/3/31", "y§20260331"),
        ("２０２６年０３月３１日", "y§20260331"),
        ("138 0013 8000", "13800138000"),
        ("0755-8888888", "07558888888"),
    ],
)
def test_whatever_has_a_form_of_its_own_is_one_token_in_every_spelling(text: str, token: str) -> None:
    assert token in text_tokens(fold(text))


@pytest.mark.parametrize("text", ["2026-02-30", "1-2-3-4-567", "123-2-1201-5", "3-2-1201-9", "12026-03-31"])
def test_what_only_looks_like_it_is_not(text: str) -> None:
    assert not [token for token in text_tokens(fold(text)) if "§" in token]


@given(st.text(max_size=80), st.data())
def test_every_fragment_of_a_run_has_only_tokens_of_its_text(text: str, data: st.DataObject) -> None:
    folded = fold(text)
    tokens = text_tokens(folded)
    for run in analysis.runs(folded):
        start = data.draw(st.integers(0, len(run) - 1)) if analysis.is_han(run) else 0
        fragment = run[start : data.draw(st.integers(start + 1, len(run)))] if analysis.is_han(run) else run
        if analysis.begins(fragment):
            assert any(token.startswith(fragment) for token in tokens)
        else:
            assert set(run_tokens(fragment)) <= tokens
        assert fragment_form(fragment) in normal_form(folded)


@given(st.text(max_size=200))
def test_no_text_makes_a_token_that_an_engine_would_read_as_syntax(text: str) -> None:
    for token in text_tokens(fold(text)):
        assert token and not set(token) & set(" '\"\\*():&|!<>\x00\n\t")
        token.encode()


@given(st.text(alphabet="漏水卫生间张伟的了和, a1-", max_size=20))
def test_a_cut_question_keeps_every_character_but_particles(text: str) -> None:
    for run in analysis.runs(fold(text)):
        if analysis.is_han(run):
            assert "".join(analysis.cut(run)).translate(dict.fromkeys(map(ord, "的了和与及"))) == run.translate(
                dict.fromkeys(map(ord, "的了和与及"))
            )
