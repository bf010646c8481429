"""Write the tables of commands into the pages of the hosts, in ``docs/``."""

from __future__ import annotations

from pathlib import Path

from daw_bridge.integrations.host_commands.pages import tables, with_table

DOCS = Path(__file__).parents[3] / "docs"


def main() -> None:
    """Make all of them anew."""
    for page, table in tables().items():
        path = DOCS / page
        path.write_text(with_table(path.read_text("utf-8"), table), "utf-8")


if __name__ == "__main__":
    main()
