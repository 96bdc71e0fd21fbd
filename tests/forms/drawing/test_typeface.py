"""The typeface: every character of a page is there, or the page is not printed."""

import io
import threading

import pytest
from fontTools.ttLib import TTFont

from forms.drawing.embedding import font_program
from forms.drawing.typeface import Face, MissingGlyph, load_typeface


def test_rare_name_characters_are_there() -> None:
    load_typeface().require("欧阳㼆𬱖 3-2-1201 元〇×·—「」（）")


@pytest.mark.parametrize(("character", "codepoint"), [("☐", "U+2610"), ("😀", "U+1F600"), ("\x07", "U+0007")])
def test_a_missing_character_is_named_in_both_languages(character: str, codepoint: str) -> None:
    typeface = load_typeface()
    for act in (typeface.require, lambda text: typeface.width(text, 10), typeface.face("serif").codes):
        with pytest.raises(MissingGlyph) as caught:
            act(f"张三{character}")
        assert codepoint in caught.value.sentence("zh")
        assert codepoint in caught.value.sentence("en")
        assert "张三" in caught.value.sentence("zh")


def test_an_unprintable_character_is_not_printed_in_the_sentence() -> None:
    with pytest.raises(MissingGlyph) as caught:
        load_typeface().require("张\x07三")
    assert "\x07" not in caught.value.sentence("zh")


def test_a_chinese_character_is_as_wide_as_its_size() -> None:
    assert load_typeface().width("业档", 10) == pytest.approx(2 * 10 * 25.4 / 72)


def test_the_typeface_is_opened_once() -> None:
    assert load_typeface() is load_typeface()


def test_an_embedded_font_program_holds_the_outlines_asked_for() -> None:
    face = load_typeface().face("sans")
    glyphs = sorted(face.glyph_of[letter] for letter in "业A ")
    font = TTFont(io.BytesIO(font_program(face, glyphs)))
    assert font["maxp"].numGlyphs == 4
    outlines = [font["glyf"][name] for name in font.getGlyphOrder()]
    assert [outline.numberOfContours > 0 for outline in outlines] == [False, False, True, True]
    assert [font["hmtx"][name][0] for name in font.getGlyphOrder()] == [1000, 224, 608, 1000]
    assert all(outline.yMax <= 1000 for outline in outlines if outline.numberOfContours > 0)


def test_outlines_are_the_same_whoever_asks_first(monkeypatch: pytest.MonkeyPatch) -> None:
    face: Face = load_typeface().face("serif")
    glyphs = [face.glyph_of[letter] for letter in "装修违章整改通知单业主联施工单位联"]
    expected = [face.outline(glyph) for glyph in glyphs]
    monkeypatch.setattr(face, "_outlines", {})
    found: list[list[bytes]] = []
    threads = [threading.Thread(target=lambda: found.append(list(map(face.outline, glyphs)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 4
