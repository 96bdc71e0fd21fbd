"""Telephone numbers and identity numbers as owners give them: cleaned, checked, and told what kind they are."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from stdnum.cn import ric, uscc
from stdnum.exceptions import ValidationError

from records.errors import OfficeError

PERSON, COMPANY = "person", "company"
_MOBILE = re.compile(r"^(?:\+?86)?(1[3-9][0-9]{9})$")
_LANDLINE = re.compile(r"^(?:\+?86)?(0(?:10|2[0-9]|[3-9][0-9]{2}))?([2-9][0-9]{6,7})(?:(?:转|EXT\.?|X)([0-9]{1,6}))?$")
_SERVICE = re.compile(r"^[48]00[0-9]{7}$")
_ABROAD = re.compile(r"^\+(?!86)[0-9]{6,15}$")
#: Passports, travel permits of residents of Hong Kong, Macao and Taiwan, foreigners' permits: letters, then digits.
_OTHER_PAPER = re.compile(r"^[A-Z]{1,3}[0-9]{6,15}$")
_COMPANY_NAME = re.compile(r"(公司|集团|合作社|事务所|中心|学校|医院|银行|委员会|协会|基金会|工厂|厂)$")


class BadPhone(OfficeError):
    """What was typed is no telephone number."""

    code = "owner.bad_phone"
    zh = "「{text}」不是电话号码(手机 11 位;固定电话如 010-62345678,分机写作 转 801)。"
    en = "“{text}” is no telephone number (mobile: 11 digits; landline: 010-62345678, or 010-62345678x801)."


class BadIdentity(OfficeError):
    """What was typed is no identity number that can be."""

    code = "owner.bad_identity"
    zh = "「{text}」不是有效的证件号码:{why}。"
    en = "“{text}” is no valid identity number: {why_en}."


class Identity(NamedTuple):
    """A clean identity number and whose it is: ``person`` or ``company``."""

    number: str
    kind: str


def phone(text: str) -> str:
    """The clean telephone number. Raises BadPhone.

    >>> phone("138 0000-1111"), phone("010-6234 5678转801"), phone("+86 13800001111")
    ('13800001111', '010-62345678转801', '13800001111')
    """
    plain = re.sub(r"[\s()\-–—]", "", unicodedata.normalize("NFKC", text)).upper()
    if mobile := _MOBILE.match(plain):
        return mobile[1]
    if _SERVICE.match(plain) or _ABROAD.match(plain):
        return plain
    if landline := _LANDLINE.match(plain):
        area, number, extension = landline.groups()
        return (f"{area}-" if area else "") + number + (f"转{extension}" if extension else "")
    raise BadPhone(text=text)


def identity(text: str) -> Identity:
    """The clean number of a resident ID 身份证, a company 统一社会信用代码, or another paper. Raises BadIdentity.

    >>> identity("11010519491231002x"), identity("91110000600037341L").kind
    (Identity(number='11010519491231002X', kind='person'), 'company')
    """
    plain = re.sub(r"[\s\-]", "", unicodedata.normalize("NFKC", text)).upper()
    if _OTHER_PAPER.match(plain):
        return Identity(plain, PERSON)
    if re.fullmatch("[0-9]{15}", plain):
        raise BadIdentity(text=text, why="15 位旧身份证号已停用", why_en="15-digit IDs are no longer in use")
    if len(plain) != 18:
        raise BadIdentity(text=text, why=f"应为 18 位,现为 {len(plain)} 位", why_en=f"18 expected, {len(plain)} given")
    if re.fullmatch("[0-9]{17}[0-9X]", plain) and ric.is_valid(plain):
        return Identity(plain, PERSON)
    if uscc.is_valid(plain):
        return Identity(plain, COMPANY)
    return _refused(text, plain)


def _refused(text: str, plain: str) -> Identity:
    """Say what is wrong with eighteen characters that are neither number."""
    if not re.fullmatch("[0-9]{17}[0-9X]", plain):
        why = ("统一社会信用代码的校验字符不符", "the company code's check character is wrong")
        raise BadIdentity(text=text, why=why[0], why_en=why[1])
    try:
        ric.get_birth_date(plain)
        ric.get_birth_place(plain)
    except ValidationError:
        why = ("地区或出生日期不存在", "no such region or date of birth")
        raise BadIdentity(text=text, why=why[0], why_en=why[1]) from None
    raise BadIdentity(text=text, why="校验码不符", why_en="its check character is wrong")


def kind_of(name: str, identity_number: str = "") -> str:
    """Whether an owner is a person or a company: by a company's code, otherwise by how the name ends.

    >>> kind_of("示例物业服务有限公司"), kind_of("王建国")
    ('company', 'person')
    """
    if uscc.is_valid(identity_number):
        return COMPANY
    return COMPANY if _COMPANY_NAME.search(name.strip()) else PERSON
