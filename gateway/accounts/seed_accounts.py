"""The accounts that the set-up makes: one for each agent of gateway.toml, and two to try things with.

Their passwords are made once and lie under var/secrets until somebody sets another. Called at every
start and by `gateway user`; an account that is there already stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.accounts.accounts import Accounts
from gateway.core.roles import Role
from gateway.settings.schema import Config
from gateway.settings.secrets import forget_web_password, load_secrets


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the set-up knows."""

    name: str
    role: Role
    seat: str = ""


DEMO = {
    "supervisor": Person("演示值班长", Role.SUPERVISOR),
    "admin": Person("演示管理员", Role.ADMIN),
}


def people_of(settings: Config) -> dict[str, Person]:
    """By account id: the agents, and while the demo profile is on, the demo's people."""
    agents = {a.id: Person(a.name, Role.AGENT, a.seat) for a in settings.agents}
    return {**(DEMO if settings.demo.enabled else {}), **agents}


async def ensure_accounts(accounts: Accounts, settings: Config) -> None:
    """Make what is missing; one whose password was forgotten here stays without. Raises StorageDown."""
    people = people_of(settings)
    secrets_kept = load_secrets(settings.var, [a.id for a in settings.agents], people)
    for account, person in people.items():
        password = secrets_kept.seats[account].web if person.seat else secrets_kept.people[account]
        if password:
            await accounts.ensure(account, person.name, person.role, password)


def forget_password(settings: Config, account: str) -> None:
    """Delete the password under var/secrets: another one was set."""
    if account in people_of(settings):
        forget_web_password(settings.var, account)
