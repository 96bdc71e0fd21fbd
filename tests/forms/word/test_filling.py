"""Agreements and notices go out as Word documents with number and code, and hold what was entered as it was entered."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date
from html import unescape

import pytest
import zxingcpp
from PIL import Image

import templates
from forms.catalogue import Form, load_catalogue
from forms.word import fill_word
from records.errors import BadInput

CODE = "YD:RZ-03-2026-000001-7:1:1:v1:0f3a"
SERIAL = "RZ-03-2026-000001-7"
OFFICE = "东光物业客服中心"
CATALOGUE = load_catalogue()
WORD_FORMS = [form for form in CATALOGUE.forms if form.is_word]


@pytest.fixture(scope="module")
def qr_png() -> bytes:
    picture = zxingcpp.create_barcode(CODE, zxingcpp.BarcodeFormat.QRCode).to_image(scale=8)
    png = io.BytesIO()
    Image.fromarray(picture).save(png, "PNG")
    return png.getvalue()


def part(docx: bytes, pattern: str) -> str:
    """The XML of the package's parts whose names match."""
    with zipfile.ZipFile(io.BytesIO(docx)) as package:
        names = [name for name in package.namelist() if re.fullmatch(pattern, name)]
        return "".join(package.read(name).decode() for name in names)


def words(docx: bytes, pattern: str = r"word/document\.xml") -> str:
    """What a reader reads in those parts, one line per paragraph."""
    paragraphs = re.findall(r"<w:p[ >].*?</w:p>", part(docx, pattern), flags=re.DOTALL)
    return "\n".join(unescape("".join(re.findall(r"<w:t(?: [^>]*)?>(.*?)</w:t>", p, re.DOTALL))) for p in paragraphs)


def test_every_agreement_and_notice_has_a_template_and_nothing_else_has() -> None:
    assert templates.names("words") == sorted(f"{form.code}.docx" for form in WORD_FORMS)
    assert len(WORD_FORMS) == 14


@pytest.mark.parametrize("form", WORD_FORMS, ids=lambda form: form.code)
def test_every_field_of_a_form_reaches_its_paper(form: Form, qr_png: bytes) -> None:
    values = {field.key: f"值{field.key}值" for field in form.fields if field.kind != "table"}
    text = words(fill_word(form, "存档联", values, SERIAL, qr_png, OFFICE))
    assert [key for key, value in values.items() if value not in text] == []
    assert "{" not in text
    assert [signature.zh for signature in form.signatures if f"{signature.zh}:" not in text.replace("：", ":")] == []


@pytest.mark.parametrize("form", WORD_FORMS, ids=lambda form: form.code)
def test_header_and_footer_carry_name_number_copy_code_and_version(form: Form, qr_png: bytes) -> None:
    docx = fill_word(form, "存档联", {}, SERIAL, qr_png, OFFICE)
    header = words(docx, r"word/header\d*\.xml")
    assert all(expected in header for expected in (OFFICE, form.zh, SERIAL, "存档联"))
    assert "重印" not in header
    assert "<pic:pic" in part(docx, r"word/header\d*\.xml")
    assert f"{form.code}　第{form.version}版" in words(docx, r"word/footer\d*\.xml")
    assert re.findall(r"instrText[^>]*> (\w+) <", part(docx, r"word/footer\d*\.xml")) == ["PAGE", "NUMPAGES"]


def test_the_code_in_the_header_can_be_read(qr_png: bytes) -> None:
    docx = fill_word(CATALOGUE.form("RZ-03"), "业主联", {}, SERIAL, qr_png, OFFICE)
    with zipfile.ZipFile(io.BytesIO(docx)) as package:
        pictures = [package.read(name) for name in package.namelist() if name.startswith("word/media/")]
    read = [code.text for picture in pictures for code in zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)))]
    assert read == [CODE]


def test_a_reprint_says_so_on_every_page(qr_png: bytes) -> None:
    docx = fill_word(CATALOGUE.form("RZ-03"), "业主联", {}, SERIAL, qr_png, OFFICE, reprint=True)
    assert "重印" in words(docx, r"word/header\d*\.xml")


def test_what_was_entered_stays_text(qr_png: bytes) -> None:
    entered = {
        "owner": "<w:b/>&lt; \"A&B\" ]]> 'C'",
        "works": "{{ form.code }} {% for x in y %} {{ ''.__class__ }}",
        "contractor": "㼆𬱖装饰",
    }
    text = words(fill_word(CATALOGUE.form("ZX-02"), "业主联", entered, SERIAL, qr_png, OFFICE))
    assert all(value in text for value in entered.values())


def test_what_is_not_known_leaves_a_line_to_write_on(qr_png: bytes) -> None:
    text = words(fill_word(CATALOGUE.form("RZ-03"), "业主联", {"owner": "  ", "area": None}, SERIAL, qr_png, OFFICE))
    assert "甲方（业主）：________" in text
    assert "本协议自____年__月__日起生效" in text
    assert "建筑面积________平方米" in text


def test_dates_lists_and_lines_are_written_as_the_office_writes_them(qr_png: bytes) -> None:
    values = {"from_date": "2026-02-03", "to_date": date(2026, 8, 2), "paid_to": "三个月后", "space": ["B-1", "B-2"]}
    text = words(fill_word(CATALOGUE.form("CW-01"), "业主联", values, SERIAL, qr_png, OFFICE))
    assert "自2026年2月3日起至2026年8月2日止" in text
    assert "租金已交至三个月后" in text
    assert "B-1、B-2号车位" in text
    notice = words(fill_word(CATALOGUE.form("TZ-02"), "", {"body": "第一行\r\n第二行"}, SERIAL, qr_png, OFFICE))
    assert "第一行\n第二行" in notice


def test_fees_stand_in_their_rows_with_what_was_entered(qr_png: bytes) -> None:
    form = CATALOGUE.form("RZ-01")
    fees = [{"amount": "1200"}, {"item": "供暖费<一期>", "standard": "28元/平方米"}]
    text = words(fill_word(form, "", {"fees": fees}, SERIAL, qr_png, OFFICE))
    assert "物业管理服务费\n\n1200\n供暖费<一期>\n28元/平方米\n\n公摊水电费" in text
    many = [{"item": f"第{number}项"} for number in range(9)]
    assert "第8项" in words(fill_word(form, "", {"fees": many}, SERIAL, qr_png, OFFICE))


def test_the_renovation_agreement_names_the_handbooks_fees(qr_png: bytes) -> None:
    text = words(fill_word(CATALOGUE.form("ZX-02"), "业主联", {}, SERIAL, qr_png, OFFICE))
    fees = {
        "装修押金（可退）": "2000元",
        "装修管理费": "300元",
        "施工许可证工本费": "10元/个",
        "装修垃圾清运费": "20元/间",
    }
    assert all(f"{item}\n{rate}" in text for item, rate in fees.items())


def test_the_same_values_give_the_same_bytes(qr_png: bytes) -> None:
    form = CATALOGUE.form("RZ-05")
    first, second = (fill_word(form, "业主联", {"owner": "王芳"}, SERIAL, qr_png, OFFICE) for _ in range(2))
    assert first == second
    assert first != fill_word(form, "存档联", {"owner": "王芳"}, SERIAL, qr_png, OFFICE)


@pytest.mark.parametrize("wrong", ["a\x00b", "a\x07b", "a\ud800b", "a\ufffeb"])
def test_a_character_that_word_cannot_hold_is_named(qr_png: bytes, wrong: str) -> None:
    with pytest.raises(BadInput, match=f"业主姓名.*U\\+{ord(wrong[1]):04X}"):
        fill_word(CATALOGUE.form("RZ-02"), "", {"owner": wrong}, SERIAL, qr_png, OFFICE)
