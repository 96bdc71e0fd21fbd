"""The navigation on the left, by role: everyone sees the places where their work is, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import lazy_gettext as _l

from records.users import OFFICE_ROLES, Role

_DESK = (Role.STAFF, Role.ARCHIVIST)
_KEEPERS = (Role.ARCHIVIST, Role.SUPERVISOR, Role.MANAGER)


@dataclass(frozen=True)
class Place:
    """A place to go: the endpoint, its name, its icon, and whose work it is; ``also`` the blueprints behind it."""

    endpoint: str
    name: object
    icon: str
    roles: tuple[Role, ...]
    also: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[str, ...]:
        """The blueprints whose pages light this place."""
        return (self.endpoint.split(".")[0], *self.also)


_HOMES = (
    "dossiers", "documents", "people", "completeness", "follow_ups", "boundaries", "importing", "restructuring",
)  # fmt: skip
PLACES = (
    Place("home.page", _l("首页"), "house", (*OFFICE_ROLES, Role.ADMIN)),
    Place("forms_catalogue.listing", _l("表单"), "file-earmark-text", OFFICE_ROLES, ("merging", "numbers")),
    Place("books.listing", _l("册"), "journal-bookmark", OFFICE_ROLES),
    Place("scanning.listing", _l("扫描"), "upc-scan", OFFICE_ROLES, ("rescans", "signatures")),
    Place("tray.listing", _l("待处理"), "inbox", _DESK),
    Place("units.listing", _l("单元与档案"), "buildings", OFFICE_ROLES, _HOMES),
    Place("access.listing", _l("查阅"), "key", OFFICE_ROLES, ("deputies", "knowing")),
    Place("loans.listing", _l("借阅"), "box-arrow-up-right", OFFICE_ROLES),
    Place("places.listing", _l("存放位置"), "archive", OFFICE_ROLES),
    Place("retention.listing", _l("鉴定处置"), "hourglass-split", _KEEPERS, ("schedule",)),
    Place("log.listing", _l("审计日志"), "shield-check", (*_KEEPERS, Role.ADMIN), ("checking",)),
    Place("administration.listing", _l("用户"), "people", (Role.ADMIN,)),
)


def places(role: Role) -> list[Place]:
    """The places of a role, in the order of the navigation."""
    return [place for place in PLACES if role in place.roles]
