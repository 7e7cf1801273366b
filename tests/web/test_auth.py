"""Who may do what: every end point with every role, and tokens that are none."""

from __future__ import annotations

import pytest

from gateway.core.rights import may
from gateway.core.roles import Role
from gateway.web.site import ROUTES
from tests.web.conftest import House

ROLES = ["", *Role]
OPEN = {"submit", "state", "healthz", "metrics", "openapi", "docs"}


@pytest.mark.parametrize("role", ROLES)
async def test_roles(house: House, role: str) -> None:
    for route in house.app[ROUTES]:
        path = route.path.format(number="261124000010", id="agent1", sha256="0" * 64)
        response, body = await house.ask(route.method, path, role)
        if route.name in OPEN or (role and route.right and may(Role(role), route.right)):
            assert response.status not in (401, 403), route.name
        elif role:
            assert response.status == 403, route.name
            assert b"not_allowed" in body
        else:
            assert response.status == 401, route.name
            assert response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "given",
    [
        "Bearer",
        "Bearer ",
        "Bearer nonsense",
        "Basic YWdlbnQ6",
        "agent",
        "Bearer agent x",
        "Bearer " + "a" * 500,
    ],
)
async def test_a_token_that_is_none(house: House, given: str) -> None:
    status, problem = await house.told("GET", "/api/v1/lines", headers={"Authorization": given})
    assert (status, problem["code"]) == (401, "no_token")


async def test_the_scheme_may_be_written_small(house: House) -> None:
    response, _ = await house.ask("GET", "/api/v1/lines", headers={"Authorization": "bearer agent"})
    assert response.status == 200


async def test_a_token_in_the_address_opens_nothing(house: House) -> None:
    response, _ = await house.ask("GET", "/api/v1/lines?token=agent&access_token=agent")
    assert response.status == 401


async def test_a_token_taken_back(house: House) -> None:
    house.tokens.revoked.add("agent")
    assert (await house.ask("GET", "/api/v1/lines", "agent"))[0].status == 401


async def test_rights_come_before_everything_else(house: House) -> None:
    status, _ = await house.told("POST", "/api/v1/queue/claim", data=b"{", headers={"Content-Type": "x/y"})
    assert status == 401


async def test_tokens_that_cannot_be_looked_up(house: House) -> None:
    house.tokens.away = True
    status, problem = await house.told("GET", "/api/v1/lines", "agent")
    assert (status, problem["code"]) == (503, "storage_down")


async def test_the_name_given_twice_is_none(house: House) -> None:
    headers = [("Authorization", "Bearer agent"), ("Authorization", "Bearer admin")]
    async with house.client.get("/api/v1/lines", headers=headers) as response:
        assert response.status == 401
