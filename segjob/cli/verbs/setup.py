"""Verbs before the first run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from segjob.cli.options import (
    Features,
    From,
    Key,
    Name,
    Orders,
    PartitionBy,
    SegmentationArgument,
    SegmentationName,
    Session,
    Table,
    Where,
)
from segjob.errors import ConfigError


def init(
    session: Session,
    source: From = None,
    key: Key = None,
    features: Features = None,
    name: Name = None,
    orders: Orders = None,
    table: Table = None,
) -> None:
    """Write a commented segjob.toml that fits where it stands, and the empty schema.

    Beside a dbt project it takes that project's connection and models; --from, --key and --features (or --orders)
    describe the segmentation that it writes, else it proposes one where a table of customers is there.

    Example: segjob init

    Example: segjob init --from shop.csv --key id --features income,score
    """
    from segjob.cli.init import config_text, print_init
    from segjob.commands.setup.init import install, write_config
    from segjob.config_file import FILE_NAME

    file = session.config or Path(FILE_NAME)
    described = {"source": source, "key": key, "features": features, "name": name}
    is_new = not file.exists()
    if is_new:
        write_config(file, config_text(session, file, described, orders, table))
    elif source is not None or orders is not None:
        raise ConfigError(
            f"there is a {file} already, and it is not changed", hint="write the segmentation into it by hand"
        )
    prepared = install(session.registry, session.settings)
    with session.written():
        names = list(session.settings.segmentations)
        if session.as_json:
            session.print_json(
                {
                    "config": str(file),
                    "written": is_new,
                    "warehouse": session.warehouse.label,
                    "segmentations": names,
                    "empty_views": [f"{session.registry.schema}.{one}" for one in prepared],
                }
            )
        elif not session.quiet:
            print_init(file, is_new, session.registry, names, prepared)


def sources(
    session: Session,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE",
            help="Where to (default: models/segjob/_segjob__sources.yml of the project).",
        ),
    ] = None,
) -> None:
    """Write or refresh the published tables as sources of your dbt project: descriptions, tests, an exposure.

    Example: segjob sources
    """
    from segjob.cli.output import print_line
    from segjob.commands.setup.sources import write_sources

    written = write_sources(session.settings, out)
    with session.written():
        if session.as_json:
            session.print_json(written.as_json())
        elif not session.quiet:
            print_line(f"wrote {written.file}: source segjob with {len(written.tables)} tables")
            print_line(
                f"  select * from {{{{ source('segjob', '{next(iter(session.settings.segmentations))}') }}}}"
            )


def check(
    session: Session,
    segmentation: SegmentationArgument = None,
    picked: SegmentationName = None,
    source: From = None,
    key: Key = None,
    features: Features = None,
    name: Name = None,
    where: Where = None,
    partition_by: PartitionBy = None,
    orders: Orders = None,
) -> None:
    """Validate config, connection, relation, columns and rows; says all that is wrong and changes nothing.

    The segmentation is the argument, as of `run`, or an option, as of every other verb. Files are read into a
    warehouse of their own, which is gone afterwards.

    Example: segjob check income_spending

    Example: segjob check --from shop.csv --key id --features income,score
    """
    from segjob.cli.files import load_named_files_elsewhere
    from segjob.cli.output import print_line
    from segjob.cli.selection import select
    from segjob.commands.setup.check import check_all
    from segjob.pipeline.progress import Progress

    described = {"source": source, "key": key, "features": features, "name": name, "where": where}
    with load_named_files_elsewhere(session, described, orders) as loaded:
        requested = select(
            session.settings,
            segmentation or picked,
            loaded.described(described) if loaded else described,
            partition_by=partition_by,
        )
        checked = check_all(session.registry, requested, Progress(), session.settings.fit)
    if session.as_json:
        session.print_json(
            {"warehouse": session.warehouse.label, "checked": [one.as_json() for one in checked]}
        )
    elif not session.quiet:
        for one in checked:
            print_line(f"{one.name}: {one.settings.relation} by {one.settings.key} is fine")


def schema(session: Session) -> None:
    """The JSON schema of segjob.toml, with which an editor completes and checks the file.

    Example: segjob schema
    """
    from segjob.cli.output import print_json
    from segjob.commands.setup.schema import config_schema

    print_json(config_schema())
