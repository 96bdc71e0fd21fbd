"""The catalogue's data hold to their schema, to themselves and to the handbook."""

from __future__ import annotations

import pytest

import templates
from forms.catalogue import (
    Catalogue,
    CatalogueBroken,
    Column,
    Field,
    Form,
    Procedure,
    RetentionRule,
    Section,
    Signature,
    UnknownForm,
    Years,
    load_catalogue,
)
from records.facts import FactKind

# The handbook, form by form: code, mode, dossier section, retention, flags (u one unit, r required in the dossier,
# c page code, t no tearing, a no altering, p photo), number of copies, of signatures, of aliases at least, name.
HANDBOOK = """
JD-01 book - UNSET - 0 1 0 业主来电来访登记表
RZ-01 notice other OWNER u 0 2 3 入住通知书
RZ-02 agreement covenant OWNER ur 0 1 0 业主临时公约
RZ-03 agreement service OWNER ur 2 2 1 前期物业管理服务协议
RZ-04 agreement safety OWNER ur 0 1 1 业主安全承诺书
RZ-05 agreement gas OWNER ur 2 2 0 燃气安全使用协议
RZ-06 agreement heating OWNER ur 2 2 1 供暖协议书
RZ-07 card owner_card OWNER urp 0 2 0 业主资料卡
RZ-08 sheet inspection OWNER ur 2 2 1 业主验房表
RZ-09 sheet other OWNER u 0 2 0 业主收楼领取物品清单
RZ-10 book - KEYS - 0 2 1 钥匙领用登记表
RZ-11 book - UNSET - 0 1 2 入住登记表
RZ-12 external other OWNER u 0 0 0 住宅使用说明书
RZ-13 external other OWNER u 0 0 0 住宅质量保证书
RZ-14 external other OWNER u 0 0 0 住宅工程质量分户验收表
RZ-15 external id_copies OWNER ur 0 0 0 业主证件复印件
RZ-16 external title OWNER ur 0 0 0 业主产权确认登记(产权证书)
RZ-17 sheet other OWNER u 0 2 0 委托书(入住)
RZ-18 agreement - UNSET - 0 0 0 业主手册
ZX-01 sheet reno_apply OWNER u 0 4 0 房屋装修申请表
ZX-02 agreement reno_agree OWNER u 3 3 2 房屋装饰装修管理协议书
ZX-03 agreement heating_mod OWNER u 0 1 2 业主改动暖气责任承诺书
ZX-04 agreement reno_apply OWNER u 0 2 1 装修施工承诺书
ZX-05 sheet reno_apply OWNER u 0 4 0 动火许可证
ZX-06 sheet reno_apply OWNER u 0 1 2 房屋装修许可证
ZX-07 card reno_apply OWNER up 0 1 0 装修出入证
ZX-08 sheet reno_notice OWNER u 3 3 1 装修违章整改通知单
ZX-09 sheet reno_accept OWNER u 0 4 1 装修竣工验收表
ZX-10 sheet reno_apply OWNER u 0 2 0 装修延期申请表
ZX-11 sheet reno_apply OWNER u 0 2 0 施工人员留宿担保书
ZX-12 agreement reno_apply OWNER u 0 2 0 装修安全责任书
ZX-13 external reno_apply OWNER u 0 0 0 装修图纸及施工单位资料
ZX-14 sheet reno_apply OWNER u 3 2 0 装修费用及押金收退单
FX-01 sheet - UNSET u 2 3 0 物品持出证
FX-02 sheet - UNSET u 0 1 0 物品放行授权委托书
YY-01 book - UNSET - 0 1 0 特色服务登记表
YY-02 sheet - UNSET u 3 3 0 派工单
TS-01 book - UNSET - 0 1 0 客户投诉处理登记表
TS-02 sheet - UNSET u 0 4 1 客户投诉处理单
TS-03 report - UNSET - 0 0 0 投诉数据汇总表
HF-01 book - CALLBACK ct 0 3 0 回访记录表
HF-02 book - CALLBACK - 0 2 0 回访记录签收表
HF-03 report - CALLBACK - 0 0 0 回访统计表
GT-01 sheet - UNSET - 0 0 0 物业服务满意度调查表
GT-02 report - UNSET - 0 0 0 满意度调查汇总表
GT-03 roster - UNSET - 0 0 0 年度宣传栏宣传计划
TZ-01 book - UNSET - 0 1 0 发给顾客文件(通知)清单
TZ-02 notice - UNSET - 0 0 0 公示通知
TZ-03 book - UNSET - 0 2 0 通知事项记录表
CW-01 agreement - UNSET u 2 2 0 车位租赁协议
CW-02 report - UNSET - 0 0 0 车位租赁到期汇总表
YS-01 sheet - KEYS u 2 2 0 业主托管钥匙委托书
YS-02 book - KEYS - 0 2 0 业主托管钥匙登记表
YS-03 book - KEYS - 0 2 0 借用钥匙登记表
YS-04 book - KEYS - 0 2 0 钥匙管理备忘录
KZ-01 book - VACANT - 0 1 0 空置房登记表
KZ-02 report - VACANT - 0 0 0 空置房动态表
KZ-03 roster - VACANT - 0 3 1 空置房维护保养频次表
KZ-04 book - VACANT - 0 2 0 空置房维护工作记录
XC-01 book - PATROL - 0 2 0 巡楼日志
XC-02 book - PATROL ct 0 2 0 巡查记录表
XC-03 book - PATROL ct 0 3 0 巡查问题处理表
ZB-01 roster - UNSET - 0 1 0 客服中心值班安排表
ZB-02 book - DUTY ta 0 3 0 值班记录
ZB-03 book - UNSET - 0 2 2 客服中心交接班记录表
DA-01 report - OWNER - 0 0 0 业主档案目录
DA-02 report - OWNER u 0 0 0 业主档案封面
DA-03 sheet - UNSET - 0 3 0 档案查阅申请登记表
DA-04 sheet other OWNER u 0 2 0 业主信息变更记录
DA-05 report - COMMITTEE - 0 3 0 档案销毁清册
WZ-01 sheet - VIOL_MINOR+VIOL_MAJOR u 0 3 1 住户违章记录表
SQ-01 roster - UNSET - 0 2 0 年度社区文化活动计划表
SQ-02 sheet - UNSET - 0 2 0 社区文化活动记录表
SQ-03 report - UNSET - 0 0 0 年度宣传资料归档目录
YW-01 sheet - COMMITTEE - 0 3 0 业主委员会会议记录
YW-02 notice - COMMITTEE - 0 2 0 业主委员会申报/通报函
YW-03 sheet - COMMITTEE - 0 1 0 业主委员会质询答复记录
YW-04 external - COMMITTEE - 0 0 0 业委会来函及决议
"""


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def as_row(form: Form) -> str:
    marks = {
        "u": form.unit,
        "r": form.required,
        "c": form.page_code,
        "t": form.no_tear,
        "a": form.no_alter,
        "p": form.photo,
    }
    flags = "".join(mark for mark, given in marks.items() if given) or "-"
    facts = (form.code, form.mode, form.section or "-", "+".join(form.retention), flags)
    return " ".join([*facts, str(len(form.copies)), str(len(form.signatures)), form.zh])


def without_aliases(line: str) -> str:
    words = line.split(" ")
    return " ".join([*words[:7], *words[8:]])


def test_every_form_of_the_handbook_is_there_in_its_order(catalogue: Catalogue) -> None:
    expected = [without_aliases(line) for line in HANDBOOK.strip().splitlines()]
    assert len(expected) == 78
    assert [as_row(form) for form in catalogue.forms] == expected


def test_every_other_name_of_the_handbook_is_an_alias(catalogue: Catalogue) -> None:
    least = {line.split(" ")[0]: int(line.split(" ")[7]) for line in HANDBOOK.strip().splitlines()}
    assert all(len(form.aliases) >= least[form.code] for form in catalogue.forms)


def test_any_name_however_written_finds_its_form(catalogue: Catalogue) -> None:
    for form in catalogue.forms:
        for name in catalogue.names(form):
            assert catalogue.form(name) is form
            assert catalogue.form(f" 《{name.lower()}》 ") is form
    assert catalogue.form("hf01").code == "HF-01"
    assert catalogue.form("（小区）装修竣工验收表").code == catalogue.form("(小区)装修竣工验收表").code == "ZX-09"
    assert catalogue.form("客户投拆处理单").code == "TS-02"


def test_an_unknown_name_is_told_with_what_comes_nearest(catalogue: Catalogue) -> None:
    with pytest.raises(UnknownForm) as caught:
        catalogue.form("验房")
    assert "RZ-08 业主验房表" in caught.value.sentence("zh")
    for nothing in ("", "   ", "{name}", "ZZ-99"):
        with pytest.raises(UnknownForm):
            catalogue.form(nothing)


def test_the_dossier_asks_for_its_forms_in_the_order_of_its_sections(catalogue: Catalogue) -> None:
    codes = ["RZ-02", "RZ-03", "RZ-04", "RZ-05", "RZ-06", "RZ-07", "RZ-08", "RZ-15", "RZ-16"]
    assert [form.code for form in catalogue.required_forms()] == codes
    assert len(catalogue.sections) == 15
    assert catalogue.section("title").zh == "业主产权确认登记(产权证书)"


@pytest.mark.parametrize(
    ("key", "years", "starts"),
    [
        ("FORMER", 3, "ownership_changed"),
        ("CALLBACK", 2, "transferred"),
        ("KEYS", 2, "archived"),
        ("VACANT", 1, "unit_sold"),
        ("PATROL", 2, "archived"),
        ("DUTY", 3, "book_completed"),
        ("VIOL_MINOR", 1, "archived"),
        ("VIOL_MAJOR", 5, "archived"),
    ],
)
def test_periods_of_years_are_the_handbooks(catalogue: Catalogue, key: str, years: int, starts: str) -> None:
    rule = catalogue.rules[key]
    assert rule.period == Years(years=years)
    assert rule.starts == starts


def test_what_is_never_due_has_no_period_of_years(catalogue: Catalogue) -> None:
    periods = {key: catalogue.rules[key].period for key in ("OWNER", "COMMITTEE", "UNSET")}
    assert periods == {"OWNER": "permanent", "COMMITTEE": "long_term", "UNSET": "undecided"}
    assert catalogue.rules["COMMITTEE"].review_years == 10
    assert catalogue.rules["UNSET"].clause is None


def test_the_grade_of_a_violation_chooses_its_rule(catalogue: Catalogue) -> None:
    form = catalogue.form("WZ-01")
    assert form.rules_for({"grade": "一般"}) == ("VIOL_MINOR",)
    assert form.rules_for({"grade": "重大"}) == ("VIOL_MAJOR",)
    assert form.rules_for({}) == ("VIOL_MINOR", "VIOL_MAJOR")
    grade = form.field("grade")
    assert grade is not None
    assert form.retention_by is not None
    assert set(grade.options) == set(form.retention_by.rules)


def test_the_renovation_fees_are_the_handbooks(catalogue: Catalogue) -> None:
    fees = catalogue.form("ZX-14").field("fees")
    assert fees is not None
    rates = {row["item"]: row.get("rate") for row in fees.preset_rows()}
    assert rates["装修押金（可退）"] == "2000元"
    assert rates["装修管理费"] == "300元"
    assert rates["施工许可证工本费"] == rates["出入证工本费"] == "10元/个"
    assert rates["垃圾清运费"] == "20元/间"


def test_the_owner_and_the_one_who_hands_over_sign_the_inspection(catalogue: Catalogue) -> None:
    form = catalogue.form("RZ-08")
    assert [signature.key for signature in form.signatures] == ["owner", "handover"]
    assert form.remark == "请做装修前水密性试验"
    assert form.copies == ("第一联", "第二联(存档)")


def test_what_goes_out_on_paper_has_something_to_fill_in(catalogue: Catalogue) -> None:
    for form in catalogue.forms:
        assert (form.mode == "external") != bool(form.fields or form.columns), form.code


LINES_BY_WIDTH = {"full": 6, "half": 3, "third": 2}


def lines_of(form: Form) -> int:
    """Lines of 8 mm that the boxes and tables of a page take."""
    lines, used = 0, 0
    for field in form.fields:
        width = 6 if field.kind in ("long", "table") else LINES_BY_WIDTH[field.width]
        if used + width > 6:
            lines, used = lines + 1, 0
        used += width
        if width == 6:
            lines, used = lines + (field.rows + 1 if field.rows else field.lines), 0
    return lines + bool(used) + (form.rows + 1 if form.rows else 0)


def test_every_printed_form_fits_on_its_page(catalogue: Catalogue) -> None:
    room = {"portrait": 17, "landscape": 11}
    full = {form.code: lines_of(form) for form in catalogue.forms if lines_of(form) > room[form.orientation]}
    assert {code for code in full if not catalogue.form(code).is_word} == set()


def make_form(**changes: object) -> Form:
    data: dict[str, object] = {
        "code": "HF-01",
        "procedure": "HF",
        "zh": "回访记录表",
        "en": "Follow-up record",
        "clauses": ["HF 4.2"],
        "mode": "sheet",
        "version": 1,
        "retention": ["CALLBACK"],
        "fields": [{"key": "reason", "zh": "事由", "en": "Reason", "kind": "text"}],
    }
    return Form.model_validate(data | changes)


def make_catalogue(*forms: Form) -> Catalogue:
    rule = RetentionRule(
        key="CALLBACK", zh="二年", en="2 years", clause="HF 4.7", period=Years(years=2), starts=FactKind.TRANSFERRED,
        count_from="event", transfer_by=None,
    )  # fmt: skip
    procedure = Procedure(key="HF", zh="回访管理", en="Follow-up visits", forms=forms)
    return Catalogue([procedure], [Section(key="other", zh="其他", en="Other")], [rule])


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"retention": ["NONE"]}, "no retention rule NONE"),
        ({"section": "cellar"}, "no dossier section cellar"),
        ({"sources": ["HF-09"]}, "no source HF-09"),
        ({"clauses": ["QQ 1.0"]}, "no procedure for clause QQ 1.0"),
        ({"code": "XC-01"}, "stands under procedure HF"),
        ({"required": True}, "of no unit or section"),
        ({"copies": ["存档联", "存档联"]}, "copy 存档联 stands twice"),
        ({"mode": "report"}, "have a period"),
        ({"rows": 16}, "rows need columns"),
        ({"retention_by": {"field": "grade", "rules": {}}}, "no field grade"),
        ({"signatures": [Signature(key="a", zh="甲", en="A", kind="signature")] * 2}, "signature a stands twice"),
        (
            {"signatures": [Signature(key="a", zh="甲", en="A", kind="signature", column="b")]},
            "signs no column b",
        ),
        ({"fields": [Field(key="a", zh="甲", en="A", kind="text")] * 2}, "field or column a stands twice"),
    ],
)
def test_a_form_that_contradicts_itself_or_the_rest_is_refused(changes: dict[str, object], why: str) -> None:
    with pytest.raises(CatalogueBroken) as caught:
        make_catalogue(make_form(**changes))
    assert why in caught.value.sentence("en")


def test_a_name_belongs_to_one_form_only() -> None:
    with pytest.raises(CatalogueBroken, match="HF-02:名称「回访 记录表」与 HF-01 相同"):
        make_catalogue(make_form(), make_form(code="HF-02", zh="签收表", en="Receipts", aliases=["回访 记录表"]))
    with pytest.raises(CatalogueBroken, match="HF-01 出现了两次"):
        make_catalogue(make_form(), make_form())


@pytest.mark.parametrize(
    "broken",
    [
        {"kind": "table"},
        {"kind": "choice"},
        {"kind": "text", "rows": 3},
        {"kind": "colour"},
        {"kind": "text", "colour": "red"},
        {
            "kind": "table",
            "rows": 1,
            "columns": [Column(key="a", zh="甲", en="A", kind="text", weight=1)],
            "preset": [["一"], ["二"]],
        },
    ],
)
def test_a_field_that_cannot_be_drawn_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        Field.model_validate({"key": "a", "zh": "甲", "en": "A", **broken})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("procedure: HF\nprocedure: XC\n", "key written twice: procedure"),
        ("procedure: [HF\n", "procedures/"),
        ("procedure: HF\nzh: 回访\nen: Visits\nforms: [{code: HF-1}]\n", "HF-1"),
    ],
)
def test_a_data_file_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch, text: str, why: str) -> None:
    read = templates.read_text
    monkeypatch.setattr(templates, "read_text", lambda name: text if "procedures/" in name else read(name))
    with pytest.raises(CatalogueBroken) as caught:
        load_catalogue()
    assert why in caught.value.sentence("en")


def test_a_procedure_file_that_is_not_listed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    names = templates.names
    monkeypatch.setattr(templates, "names", lambda folder: [*names(folder), "QQ.yaml"])
    with pytest.raises(CatalogueBroken, match=r"QQ\.yaml"):
        load_catalogue()


def test_a_data_file_that_is_not_there_is_named() -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere\.yaml"):
        templates.read_text("nowhere.yaml")
