"""What states, kinds and verbs are called on screen: Chinese message ids, English in the catalogue."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from records.audit import Verb

ROLES = {
    "staff": _l("客服人员"),
    "archivist": _l("档案员"),
    "supervisor": _l("主管"),
    "manager": _l("管理处经理"),
    "admin": _l("系统管理员"),
}
REQUESTS = {
    "requested": _l("待批准"),
    "approved": _l("待登记"),
    "refused": _l("已拒绝"),
    "registered": _l("已授权"),
    "returned": _l("已归还"),
    "revoked": _l("已撤销"),
}
DOSSIERS = {"open": _l("在用"), "closed": _l("原业主"), "destroyed": _l("已销毁")}
MODES = {
    "book": _l("成册"),
    "sheet": _l("单页"),
    "card": _l("卡证"),
    "agreement": _l("协议"),
    "notice": _l("通知"),
    "report": _l("报表"),
    "roster": _l("计划表"),
    "external": _l("外来文件"),
}
WAYS = {"screen": _l("屏幕查阅"), "print": _l("水印打印"), "loan": _l("借出原件")}
SERIALS = {
    "allotted": _l("已取号"),
    "printed": _l("已印"),
    "issued": _l("已领用"),
    "returned": _l("已扫描"),
    "voided": _l("作废"),
    "blank_cancelled": _l("空白注销"),
    "missing": _l("缺页"),
    "destroyed": _l("已销毁"),
}
BOOKS = {
    "issued": _l("使用中"),
    "full": _l("已交回"),
    "printed": _l("待领用"),
    "closed": _l("已结册"),
    "transferred": _l("已移交"),
    "destroyed": _l("已销毁"),
}
SCANS = {
    "received": _l("处理中"),
    "filed": _l("已归档"),
    "tray": _l("待处理"),
    "duplicate": _l("重复"),
    "blank": _l("空白背面"),
    "refused": _l("不归档"),
    "destroyed": _l("已销毁"),
}
HOLDS = {
    "dossier": _l("业主档案"),
    "unit": _l("单元"),
    "series": _l("档案类别"),
    "document": _l("文件"),
    "book": _l("册"),
}
DISPOSALS = {
    "proposed": _l("待批准"),
    "approved": _l("已批准"),
    "refused": _l("已退回"),
    "completed": _l("已销毁"),
    "held": _l("冻结"),
    "destroyed": _l("已销毁"),
    "kept": _l("延期保管"),
    "destroying": _l("正在销毁"),
}
FACTS = {
    "ownership_changed": _l("业主变更"),
    "unit_sold": _l("房屋售出"),
    "book_completed": _l("用完结册"),
    "transferred": _l("移交"),
    "archived": _l("归档"),
}
PARTS = {
    "user": _l("用户"),
    "unit": _l("单元"),
    "dossier": _l("业主档案"),
    "document": _l("文件"),
    "fact": _l("事实"),
    "form": _l("表单"),
    "book": _l("册"),
    "scan": _l("扫描"),
    "access": _l("查阅"),
    "search": _l("检索"),
    "retention": _l("鉴定处置"),
    "vault": _l("密钥库"),
    "system": _l("系统"),
}
VERBS = {
    Verb.USER_ADDED: _l("添加用户"),
    Verb.USER_SIGNED_IN: _l("登录"),
    Verb.USER_SIGN_IN_FAILED: _l("登录失败"),
    Verb.USER_SIGNED_OUT: _l("退出"),
    Verb.USER_LOCKED: _l("登录锁定"),
    Verb.USER_UNLOCKED: _l("解除锁定"),
    Verb.USER_DEACTIVATED: _l("停用用户"),
    Verb.USER_REACTIVATED: _l("恢复用户"),
    Verb.PASSWORD_CHANGED: _l("修改密码"),
    Verb.PASSWORD_RESET: _l("重置密码"),
    Verb.SESSIONS_ENDED: _l("结束登录"),
    Verb.FACTOR_SET: _l("启用动态验证码"),
    Verb.FACTOR_REMOVED: _l("停用动态验证码"),
    Verb.FACTOR_CODE_USED: _l("使用恢复码"),
    Verb.UNIT_ADDED: _l("登记单元"),
    Verb.OWNER_CHANGED: _l("业主变更"),
    Verb.DOSSIER_OPENED: _l("开立档案"),
    Verb.DOSSIER_CLOSED: _l("关闭档案"),
    Verb.DOSSIER_PRINTED: _l("打印档案封面或目录"),
    Verb.DOSSIER_EXPORTED: _l("导出档案"),
    Verb.DOCUMENT_FILED: _l("归档文件"),
    Verb.DOCUMENT_SUPERSEDED: _l("以新扫描件替换"),
    Verb.DOCUMENT_SHOWN: _l("打开文件"),
    Verb.PAGE_SHOWN: _l("查看页"),
    Verb.PAGE_REFUSED: _l("拒绝查看页"),
    Verb.PAGE_READ: _l("识别文字"),
    Verb.PAGE_CORRECTED: _l("更正识别的文字"),
    Verb.PAGE_TEXT_SHOWN: _l("查看识别的文字"),
    Verb.PAGE_TO_READ_AGAIN: _l("要求重新识别"),
    Verb.FACT_RECORDED: _l("记录事实"),
    Verb.NUMBERS_ALLOTTED: _l("取号"),
    Verb.FORM_PRINTED: _l("打印表单"),
    Verb.FORM_REPRINTED: _l("重印"),
    Verb.FORM_STAMPED: _l("外来文件加盖编号"),
    Verb.FORMS_MERGED: _l("批量打印"),
    Verb.TEMPLATE_INSTALLED: _l("安装 Word 模板"),
    Verb.TEMPLATE_REMOVED: _l("恢复内置 Word 模板"),
    Verb.BOOK_PRINTED: _l("印册"),
    Verb.BOOK_ISSUED: _l("领用册"),
    Verb.BOOK_HANDED_OVER: _l("册交接"),
    Verb.BOOK_FULL: _l("册用完交回"),
    Verb.BOOK_RECONCILED: _l("核对册"),
    Verb.BOOK_CLOSED: _l("结册"),
    Verb.BOOK_TRANSFERRED: _l("移交册"),
    Verb.PAGE_VOIDED: _l("作废页"),
    Verb.PAGE_BLANK_CANCELLED: _l("空白注销"),
    Verb.PAGE_MISSING: _l("报告缺页"),
    Verb.PAGE_MISSING_SIGNED: _l("缺页签字"),
    Verb.PAGE_RETURNED: _l("页已扫描"),
    Verb.SCAN_RECEIVED: _l("收到扫描件"),
    Verb.SCAN_FILED: _l("扫描页归档"),
    Verb.SCAN_TO_TRAY: _l("扫描页待处理"),
    Verb.SCAN_BLANK: _l("空白背面"),
    Verb.SCAN_PLACED: _l("人工归入"),
    Verb.SCAN_REPEATED: _l("扫描页重复"),
    Verb.SCAN_REFUSED: _l("退回扫描页"),
    Verb.TRAY_SHOWN: _l("查看待处理页"),
    Verb.ACCESS_REQUESTED: _l("申请查阅"),
    Verb.ACCESS_APPROVED: _l("批准查阅"),
    Verb.ACCESS_REFUSED: _l("拒绝查阅"),
    Verb.ACCESS_REGISTERED: _l("登记查阅"),
    Verb.ACCESS_RETURNED: _l("归还"),
    Verb.ACCESS_REVOKED: _l("撤销查阅"),
    Verb.ACCESS_ENDED: _l("档案另置，查阅终止"),
    Verb.ACCESS_VISITED: _l("登记来人"),
    Verb.ACCESS_PRINTED: _l("查阅打印"),
    Verb.ACCESS_REPORTED: _l("出具查阅情况报告"),
    Verb.DEPUTY_NAMED: _l("指定代批人"),
    Verb.DEPUTY_ENDED: _l("结束代批"),
    Verb.SEARCHED: _l("检索"),
    Verb.SEARCH_REBUILT: _l("重建索引"),
    Verb.HOLD_PLACED: _l("冻结"),
    Verb.HOLD_RELEASED: _l("解除冻结"),
    Verb.KEPT_LONGER: _l("延期保管"),
    Verb.DISPOSAL_PROPOSED: _l("提出销毁清册"),
    Verb.DISPOSAL_APPROVED: _l("批准销毁清册"),
    Verb.DISPOSAL_REFUSED: _l("退回销毁清册"),
    Verb.RECORD_DESTROYED: _l("销毁"),
    Verb.DISPOSAL_COMPLETED: _l("销毁清册完成"),
    Verb.KEYS_ROTATED: _l("更换主密钥"),
    Verb.RECOVERY_MADE: _l("制作恢复密钥"),
    Verb.KEYS_RECOVERED: _l("以恢复密钥恢复"),
    Verb.KEY_OPENED: _l("取出密钥"),
    Verb.BACKUP_MADE: _l("备份"),
    Verb.RESTORED: _l("恢复"),
    Verb.CHECKED: _l("核查"),
}
PAPERS = {"cover": _l("案卷封面"), "contents": _l("卷内目录"), "notes": _l("备考表"), "labels": _l("脊背标签")}
LISTS: dict[str, Mapping[str, LazyString]] = {
    "paper": PAPERS,
    "part": PARTS,
    "verb": {str(verb): words for verb, words in VERBS.items()},
    "role": ROLES,
    "request": REQUESTS,
    "dossier": DOSSIERS,
    "mode": MODES,
    "way": WAYS,
    "serial": SERIALS,
    "book": BOOKS,
    "scan": SCANS,
    "kind": HOLDS,
    "disposal": DISPOSALS,
    "fact": FACTS,
}


def word(what: str, key: str) -> str:
    """What a state, kind or verb is called in the visitor's language; the key itself where no word is known."""
    return str(LISTS[what].get(key, key))
