"""The table of rights: who has which, spelled out once more for those that would do harm."""

from __future__ import annotations

import pytest

from gateway.core.rights import GRANTS, Right, holders, may
from gateway.core.roles import OF_UNITS, Role

OF_HANDLERS = {
    *(Right.SEE_UNITS, Right.SEE_ITEM, Right.SEE_ORDERS, Right.HANDLE_ORDERS),
    *(Right.WORK_IN_UNIT, Right.OWN_ACCOUNT, Right.ADD_FILES, Right.HEAR_CALLS),
}


def test_every_right_has_somebody_and_both_languages() -> None:
    assert set(GRANTS) == set(Right)
    assert all(grant.roles and grant.zh and grant.en for grant in GRANTS.values())


@pytest.mark.parametrize("role", OF_UNITS)
def test_people_of_units_have_what_is_made_for_them_and_nothing_else(role: Role) -> None:
    more = {Right.KEEP_HANDLERS} if role is Role.UNIT_LEADER else set()
    assert {right for right in Right if may(role, right)} == OF_HANDLERS | more


def test_rights_that_few_have() -> None:
    assert holders(Right.LEAD_SHIFT) == holders(Right.OPEN_IDENTITY) == (Role.SUPERVISOR, Role.ADMIN)
    assert holders(Right.EDIT_UNITS) == (Role.ADMIN,)
    assert set(holders(Right.READ_AUDIT)) == {Role.ADMIN, Role.AUDITOR}
    assert set(holders(Right.SUPERVISE_ORDERS)) == {Role.SUPERVISOR, Role.LEADER, Role.ADMIN}
    assert {right for right in Right if may(Role.AUDITOR, right)} == {
        *(Right.SEE_HOLDS, Right.READ_FIGURES, Right.READ_METRICS, Right.READ_AUDIT, Right.OWN_ACCOUNT)
    }
