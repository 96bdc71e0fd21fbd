"""Why a page waits in the tray, and what is worth saying of one that is filed: keys with their sentences."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """A stable key and its sentence for the clerk, in Chinese and English."""

    key: str
    zh: str
    en: str


_SENTENCES = {
    "no_code": ("页上没有找到本系统的编号码,请人工归入", "no code of ours was found on the page; place it by hand"),
    "foreign": ("页上的码不是本系统的", "the code on the page is another system's"),
    "forged": (
        "页上的码未通过校验,不能证明是本处印制",
        "the code on the page fails its proof: it was not printed here",
    ),
    "label": (
        "这是标签 {name},不是页,没有归档;请在检索框中扫它,即可打开",
        "this is the label {name} and no page: nothing was filed; scan it into the search box to open what it names",
    ),
    "label_on_page": (
        "页上只读到标签 {name},但像是本处的表单:请移开标签重扫,或人工归入",
        "only the label {name} could be read, on what may be a form of ours: scan again without it, or place by hand",
    ),
    "two_codes": ("页上有两个不同的编号,不能确定是哪一页", "the page bears two different numbers"),
    "several_cards": (
        "页上有多张证件,不能确定归哪一张;请裁开后每证单独扫描",
        "several cards were scanned together: cut them apart and scan each alone",
    ),
    "unreadable": ("此页无法打开:{why}", "the page cannot be opened: {why}"),
    "deadly": (
        "处理此页时程序三次中断,已跳过;请查看原件,重新扫描或人工归入",
        "the program was ended three times at this page, which was passed over: look at the paper, then scan it again "
        "or place the page by hand",
    ),
    "unknown_serial": ("编号 {serial} 没有登记", "the number {serial} is not on record"),
    "contradicts": (
        "第 {page} 页第 {copy} 联与编号 {serial} 的登记不符",
        "page {page}, copy {copy} does not agree with what is on record for {serial}",
    ),
    "unknown_form": ("表单目录中没有 {form}", "the catalogue has no form {form}"),
    "no_unit": ("编号 {serial} 印制时没有填单元,请指定单元", "{serial} was printed without a unit; say which it is"),
    "more_pages": (
        "编号 {serial} 已归档;这可能是同一份文件的另一页,也可能是重复扫描,请核对",
        "{serial} is filed already: this may be another page of it, or the same page again; please look",
    ),
    "destroyed": (
        "此件({serial})已于 {day} 销毁,不能再归档",
        "the record of {serial} was destroyed on {day}; it is not filed again",
    ),
    "duplicate": (
        "与已归档的第 {document} 号文件第 {page} 页相同,没有重复归档",
        "the same as page {page} of document {document}, which is filed already; not filed again",
    ),
    "rescanned": (
        "重扫的页,已换下旧扫描件;旧件保留为以前的版本(文件 {document})",
        "scanned again as was asked: it took the place of the older scan, which is kept (document {document})",
    ),
    "rescan_no_better": (
        "重扫的页不比原来的好({why}),没有换下第 {document} 号文件第 {page} 页;请再扫一次",
        "this rescan is no better ({why}); page {page} of document {document} stays as it is: please scan once more",
    ),
    "voided": ("此页已作废,扫描件照样归档", "the page is void; its scan is filed all the same"),
    "blank_cancelled": ("此页已作空白注销,请核对", "the page was cancelled as blank; please look at it"),
    "missing": ("此页曾报缺失,现已找到", "the page was reported missing and has turned up"),
    "book_not_issued": ("该册没有办理领用,请补办", "the book was never issued; please make up for it"),
    "blank_back": ("空白背面,不归档;原件中保留", "a blank back: not filed, kept in the file as received"),
    "group_pages": (
        "分隔页 {serial} 后应有 {expected} 页资料,扫到 {found} 页(另有空白 {blank} 页);整组待核对",
        "{expected} pages were expected behind cover sheet {serial}, {found} were scanned (and {blank} blank ones); "
        "the whole group waits",
    ),
    "group_uncounted": (
        "分隔页 {serial} 印制时没有填应有页数,扫到 {found} 页资料;请核对后整组归档",
        "cover sheet {serial} was printed without the number of pages expected; {found} were scanned: look, then file "
        "the group",
    ),
    "group_stranger": (
        "分隔页 {serial} 之后,批次第 {position} 页有不能辨认的码或本处表单的痕迹;整组待核对",
        "behind cover sheet {serial}, page {position} of the batch bears a code that cannot be made out or traces of a "
        "form of ours; the whole group waits",
    ),
    "group_cover": (
        "分隔页 {serial} 不全或重复扫描;整组待核对",
        "cover sheet {serial} is incomplete or was scanned twice; the whole group waits",
    ),
    "group_again": (
        "分隔页 {serial} 的资料已归档(第 {document} 号文件);整组待核对",
        "papers are filed under cover sheet {serial} already (document {document}); the whole group waits",
    ),
    "group_known": (
        "分隔页 {serial} 之后,批次第 {position} 页与已归档或本组另一页完全相同;整组待核对",
        "behind cover sheet {serial}, page {position} of the batch is the same as one that is filed or another of the "
        "group; the whole group waits",
    ),
    "group_void": (
        "分隔页 {serial} 已作废或注销;整组待核对",
        "cover sheet {serial} is void or cancelled; the whole group waits",
    ),
    "apart": (
        "从分隔页 {serial} 的一组中拆出,请单独归入",
        "taken out of the group behind cover sheet {serial}; place it by itself",
    ),
    "book_ended": ("该册已经结册,此页为补归", "the book was closed before; the page is filed late"),
}
KEYS = frozenset(_SENTENCES)


def reason(key: str, **details: object) -> Reason:
    """The reason of that key with its sentences filled in. Raises KeyError."""
    zh, en = _SENTENCES[key]
    return Reason(key, zh.format(**details), en.format(**details))
