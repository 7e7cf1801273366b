"""Who one is."""

from __future__ import annotations

from gateway.core.rights import Right
from gateway.core.roles import Role
from gateway.web.http.models import AnswerModel
from gateway.web.http.route import Answer, ApiRequest, Route


class Me(AnswerModel):
    """Who asks. `unit` is empty for the centre, `csrf` for a token: nothing needs it there."""

    id: str
    name: str
    role: Role
    seat: str
    unit: str
    csrf: str


class AccountApi:
    """/api/v1/me."""

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                "/api/v1/me",
                "me",
                "当前登录人",
                "Who asks: account or token, role, seat, unit, CSRF token",
                self.me,
                {200: Me},
                right=Right.OWN_ACCOUNT,
            ),
        )

    async def me(self, request: ApiRequest) -> Answer:
        who = request.account
        return Answer(
            Me(
                id=who.name,
                name=who.shown or who.name,
                role=who.role,
                seat=who.seat,
                unit=who.unit,
                csrf=who.csrf,
            )
        )
