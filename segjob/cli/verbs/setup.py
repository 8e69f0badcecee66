"""Verbs before the first run."""

from __future__ import annotations

from pathlib import Path

from segjob.cli.options import (
    Features,
    From,
    Key,
    Name,
    Orders,
    SegmentationArgument,
    SegmentationName,
    Session,
    Where,
    verb,
)


@verb
def init(session: Session) -> None:
    """Write a commented segjob.toml, and the empty schema.

    Example: segjob init
    """
    from segjob.cli.output import print_line
    from segjob.commands.setup.init import install, write_config
    from segjob.config_file import FILE_NAME

    file = session.config or Path(FILE_NAME)
    written = write_config(file)
    install(session.registry)
    with session.written():
        if session.as_json:
            session.print_json(
                {"config": str(file), "written": written, "warehouse": session.warehouse.label}
            )
        elif not session.quiet:
            print_line(
                f"{'wrote' if written else 'kept'} {file}; "
                f"schema {session.registry.schema} is ready in {session.warehouse.label}"
            )


@verb
def check(
    session: Session,
    segmentation: SegmentationArgument = None,
    picked: SegmentationName = None,
    source: From = None,
    key: Key = None,
    features: Features = None,
    name: Name = None,
    where: Where = None,
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
        )
        checked = check_all(session.registry, requested, Progress(), session.settings.fit)
    if session.as_json:
        session.print_json(
            {"warehouse": session.warehouse.label, "checked": [one.as_json() for one in checked]}
        )
    elif not session.quiet:
        for one in checked:
            print_line(f"{one.name}: {one.settings.relation} by {one.settings.key} is fine")
