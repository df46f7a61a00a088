"""``coinlake snowflake``: what has to be done in a Snowflake account by hand."""

from pathlib import Path
from typing import Annotated

import typer

from ops.commands.options import HISTORY, Env, Json
from ops.documents import print_json
from ops.load import snowflake
from ops.progress import console
from ops.stack import Stack

app = typer.Typer()
group = typer.Typer(help="The set-up of Snowflake, which a person runs there.", no_args_is_help=True)
app.add_typer(group, name="snowflake", rich_help_panel=HISTORY)


@group.command("sql")
def sql(
    folder: Annotated[
        Path | None, typer.Option(help="Write one file a step into this folder, instead of printing all.")
    ] = None,
    database: Annotated[
        str | None, typer.Option(help="Snowflake's database; COINLAKE_<ENV> without it.")
    ] = None,
    as_json: Json = False,
    env: Env = "dev",
) -> None:
    """Render the SQL that makes Snowflake load the lake's tables: docs/load.md says when to run what."""
    files = snowflake.SnowflakeSetup.of(Stack.find(env), database).files()
    if folder is not None:
        snowflake.write(files, folder)
        console.print("wrote " + ", ".join(str(folder / name) for name in files))
    if as_json:
        print_json({"files": files})
    elif folder is None:
        print("\n".join(files.values()), end="")
