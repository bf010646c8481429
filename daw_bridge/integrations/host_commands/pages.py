"""The tables as the pages show them, and the pages with the tables put in."""

from __future__ import annotations

from daw_bridge.integrations.host_commands.table import COMMANDS, HOSTS, Host, Way

BEGIN = "<!-- made by python -m daw_bridge.integrations.host_commands -->"
END = "<!-- end of what is made -->"
OVERVIEW = "daws.md"


def table_of(host: Host) -> str:
    """The commands of one host."""
    lines = ["| command | how | what it starts from | where it lands |", "|---|---|---|---|"]
    for command in COMMANDS:
        way = host.ways[command]
        if not isinstance(way, Way):
            way = Way(f"*not here:* {way}", "", "")
        lines.append(f"| {command} | {way.how} | {way.starts_from} | {way.lands} |")
    return "\n".join(lines)


def overview() -> str:
    """Which host has which command."""
    names = " | ".join(f"[{host.name}]({host.page})" for host in HOSTS)
    lines = [f"| command | what it does | {names} |", "|---" * (2 + len(HOSTS)) + "|"]
    for command, meaning in COMMANDS.items():
        marks = " | ".join("✓" if host.can(command) else "–" for host in HOSTS)
        lines.append(f"| {command} | {meaning} | {marks} |")
    return "\n".join(lines)


def with_table(page: str, table: str) -> str:
    """A page with its table made anew, between the two marks.

    Raises:
        ValueError: where the page has not exactly one place for it.
    """
    before, begins, rest = page.partition(BEGIN)
    _, ends, after = rest.partition(END)
    if not begins or not ends or BEGIN in after or END in after:
        raise ValueError(f"a page needs one place for its table: {BEGIN} … {END}")
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{after}"


def tables() -> dict[str, str]:
    """Each page in ``docs/`` and its table."""
    return {OVERVIEW: overview()} | {host.page: table_of(host) for host in HOSTS}
