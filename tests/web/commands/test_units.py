"""Units from the command line: the table is previewed, imported whole, updated again; units merge and split."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest


def _import(program: Any, home: Path, text: str, encoding: str = "utf-8", *more: str) -> Any:
    path = home / "table.csv"
    path.write_bytes(text.encode(encoding))
    return program("unit", "import", path, *more, actor="manager", data=True)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_the_same_table_again_changes_nothing(program: Any, home: Path, encoding: str) -> None:
    table = "小区,单元房号,业主,起始日期\n东光花园,2栋1单元301,孙悦,2022年3月1日\n"
    nothing = {"added": 0, "changed": 0, "transferred": 0, "unchanged": 0, "left_out": 0}
    assert _import(program, home, table, encoding).data == nothing | {"added": 1}
    assert _import(program, home, table, encoding).data == nothing | {"unchanged": 1}


def test_a_workbook_is_read_like_a_csv(program: Any, home: Path) -> None:
    workbook = openpyxl.Workbook()
    workbook.active.append(["estate", "building", "unit", "owner", "phone", "id", "from-date"])
    workbook.active.append(["东光花园", 4, "1-502", "周文", 13900001111, None, "2019-08-08"])
    data = io.BytesIO()
    workbook.save(data)
    (home / "table.xlsx").write_bytes(data.getvalue())
    assert program.ask("unit", "import", home / "table.xlsx", actor="manager")["added"] == 1
    shown = program.ask("dossier", "show", "4-1-502", actor="staff")
    assert shown["number"] == "DA-4-1-502-01"


def test_one_mistake_imports_nothing_and_every_mistake_is_named_by_row_and_column(program: Any, home: Path) -> None:
    table = (
        "小区,楼栋,单元房号,业主,电话,起始日期\n"
        "东光花园,5,5-1-101,好人,13900000000,2020-01-01\n"
        "东光花园,5,5-1-101,重复,13900000000,2020-01-01\n"
        "东光花园,5,五零二,无房号,13900000000,2020-01-01\n"
        "东光花园,6,5-1-103,楼栋错,电话,2020-02-30\n"
    )
    done = _import(program, home, table)
    assert done.code == 1
    for part in (
        "第 3 行「单元房号」",
        "与第 2 行重复",
        "第 4 行「单元房号」",
        "第 5 行「楼栋」",
        "第 5 行「电话」",
        "第 5 行「起始日期」",
    ):
        assert part in done.err
    assert program("dossier", "show", "5-1-101", actor="staff").code == 1


def test_another_owner_for_a_known_unit_is_sent_to_owner_change(program: Any, home: Path) -> None:
    done = _import(program, home, "小区,单元房号,业主,起始日期\n东光花园,3-2-1201,别人,2020-01-15\n")
    assert done.code == 1
    assert "owner change" in done.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("小区,单元房号,业主,起始日期,颜色\n", "不认识的列「颜色」"),
        ("小区,单元房号,业主\n", "缺少列「起始日期」"),
        ("小区,单元房号,房号,业主,起始日期\n", "出现两次"),
        ("", "文件是空的"),
    ],
)
def test_a_wrong_table_is_refused_whole(program: Any, home: Path, content: str, said: str) -> None:
    done = _import(program, home, content)
    assert done.code == 1
    assert said in done.err


def test_bytes_that_are_no_table_are_refused(program: Any, home: Path) -> None:
    for name, data in (("a.csv", b"\x00\x01\x02\xff\xfe"), ("b.xlsx", b"PK\x03\x04 nonsense")):
        (home / name).write_bytes(data)
        done = program("unit", "import", home / name, actor="manager")
        assert done.code == 1
        assert name in done.err


def test_a_file_that_is_not_there_is_one_sentence(program: Any, home: Path) -> None:
    done = program("unit", "import", home / "没有.csv", actor="manager")
    assert done.code == 1
    assert "没有这个文件" in done.err


HEAD = "小区,单元房号,业主,电话,身份证号,起始日期,变更日期\n"


def test_a_dry_run_tells_every_rows_fate_and_changes_nothing(program: Any, home: Path) -> None:
    table = (
        HEAD + "东光花园,9-1-101,孙悦、吴越,13900000001,,2022-03-01,\n"
        "东光花园,3-2-1201,王建国,13911112222,,2020-01-15,\n"
        "东光花园,3-2-1202,李秀英、赵一鸣,13800001112、13800001113,,2021-05-01,\n"
        "东光花园,1-1-0101,郑小丽,,,2023-01-01,\n"
        "东光花园,9-1-102,错误,1390000,110105194912310021,2022-03-01,\n"
    )
    done = _import(program, home, table, "utf-8", "--dry-run")
    assert [row["fate"] for row in done.data["rows"]] == ["new", "changed", "unchanged", "changed", "error"]
    assert done.data["counts"] == {"new": 1, "changed": 2, "transfer": 0, "unchanged": 1, "error": 1}
    told = " ".join(done.data["rows"][4]["notes"])
    assert "「电话」" in told
    assert "校验码不符" in told
    assert [len(row["notes"]) == len(row["notes_en"]) for row in done.data["rows"]] == [True] * 5
    english = " ".join(note for row in done.data["rows"] for note in row["notes_en"])
    assert "owners: 孙悦, 吴越" in english
    assert "phone of 王建国 changed to 13911112222" in english
    assert "phone: “1390000” is no telephone number" in english
    assert not re.search("[，。：；「」的为与]", re.sub("孙悦|吴越|王建国|李秀英|赵一鸣|郑小丽|错误", "", english))
    assert "13800001111" not in done.out
    assert program("dossier", "show", "9-1-101", actor="staff").code == 1


def test_rows_with_mistakes_are_left_out_only_when_asked(program: Any, home: Path) -> None:
    table = HEAD + "东光花园,9-1-101,孙悦,13900000001,,2022-03-01,\n东光花园,9-1-102,错误,139,,2022-03-01,\n"
    assert _import(program, home, table).code == 1
    assert program("dossier", "show", "9-1-101", actor="staff").code == 1
    done = _import(program, home, table, "utf-8", "--keep-good")
    assert (done.data["added"], done.data["left_out"]) == (1, 1)
    assert program("dossier", "show", "9-1-101", actor="staff").code == 0


def test_importing_again_with_a_new_phone_keeps_the_old_one_as_history(program: Any, home: Path, grant: Any) -> None:
    table = HEAD + "东光花园,3-2-1201,王建国,139 1111 2222,,2020-01-15,\n"
    assert _import(program, home, table).data["changed"] == 1
    closed = program.ask("owner", "history", "3-2-1201", actor="staff")
    assert [sorted(one) for one in closed["changes"]] == [["on", "recorded_at", "recorded_by", "what"]]
    grant("3-2-1201", "staff")
    (change,) = program.ask("owner", "history", "3-2-1201", actor="staff")["changes"]
    assert (change["what"], change["old"], change["new"]) == ("phone", "13800001111", "13911112222")
    assert "units" not in change["basis"]
    assert "第 2 行" in change["basis"]


def test_another_owner_is_a_transfer_and_only_with_its_date(program: Any, home: Path) -> None:
    row = "东光花园,3-2-1201,周文,13900002222,,2020-01-15,{}\n"
    refused = _import(program, home, HEAD + row.format(""))
    assert refused.code == 1
    assert "变更日期" in refused.err
    assert _import(program, home, HEAD + row.format("2024-06-01")).data["transferred"] == 1
    shown = program.ask("dossier", "show", "3-2-1201", actor="staff")
    assert (shown["number"], shown["former"]) == ("DA-3-2-1201-02", ["DA-3-2-1201-01"])
    early = HEAD + "东光花园,3-2-1202,周文,13900002222,,2021-05-01,2019-06-01\n"
    assert "须晚于现业主的起始日期" in _import(program, home, early).err


def test_building_entrance_and_door_in_three_columns_under_a_title(program: Any, home: Path) -> None:
    headings = "东光花园业主清册,,,,,\n楼栋,单元,房号,产权人,联系方式,交房日期\n"
    table = headings + "8号楼,2单元,301,吴越,010-62345678,2020/5/1\n"
    assert _import(program, home, table, "gbk").data["added"] == 1
    assert program.ask("dossier", "show", "8-2-301", actor="staff")["unit"] == "8-2-301"


def test_units_merge_and_the_old_codes_lead_to_the_new_one(program: Any) -> None:
    done = program.ask(
        "unit", "merge", "3-2-1201", "3-2-1202", "--into", "3-2-1201A", "--on", "2024-05-01", "--owner", "周文",
        actor="archivist",
    )  # fmt: skip
    assert (done["closed"], done["dossiers"]) == (["3-2-1201", "3-2-1202"], ["DA-3-2-1201A-01"])
    refused = program("dossier", "show", "3-2-1202", actor="staff")
    assert refused.code == 1
    assert "3-2-1201A" in refused.err
    assert program.ask("dossier", "show", "3-2-1201A", actor="staff")["complete"] is False
    assert program("unit", "merge", "3-2-1201A", "1-1-101", "--into", "3-2-1201", "--on", "2024-06-01", "--owner", "甲",
                   actor="archivist").code == 1  # fmt: skip
