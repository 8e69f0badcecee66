"""The program as Typer runs it: a verb's options are read when somebody types the verb, and not before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

# Typer exports no name for it: what all that is wrong with a command line is a kind of.
_UsageError = cast("type[typer.BadParameter]", typer.BadParameter.__mro__[1])


@contextmanager
def _usage_errors(arguments: Sequence[str]) -> Iterator[None]:
    """With --json, what is wrong with the command line is a document like any other error."""
    try:
        yield
    except _UsageError as error:
        if "--json" not in arguments:
            raise
        from segjob.cli.output import print_error
        from segjob.errors import ConfigError

        command = error.ctx.command_path if error.ctx else "segjob"
        wrong = ConfigError(error.format_message(), hint=f"see `{command} --help`")
        print_error(wrong, as_json=True, verbose=False)
        raise typer.Exit(wrong.exit_code) from None


class _Commands(Mapping[str, TyperCommand]):
    """A command for each verb, made when it is asked for: the options of all of them take longer than most verbs."""

    def __init__(self, verbs: Sequence[Callable[..., None]], settings: Mapping[str, Any]) -> None:
        self._verbs = {verb.__name__: verb for verb in verbs}
        self._settings = dict(settings)
        self._made: dict[str, TyperCommand] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._verbs)

    def __len__(self) -> int:
        return len(self._verbs)

    def __getitem__(self, name: str) -> TyperCommand:
        if name not in self._made:
            from segjob.cli.options import verb

            alone = typer.Typer(
                add_completion=False, rich_markup_mode=None, context_settings=dict(self._settings)
            )
            alone.command(name)(verb(self._verbs[name]))
            self._made[name] = cast(TyperCommand, get_command(alone))
        return self._made[name]

    def said(self) -> dict[str, TyperCommand]:
        """The verbs with their words alone, for a list of them."""
        return {name: TyperCommand(name, help=verb.__doc__) for name, verb in self._verbs.items()}


class Program(TyperGroup):
    """The verbs; their usage errors are shown like all others."""

    verbs: ClassVar[Sequence[Callable[..., None]]] = ()

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._commands = _Commands(self.verbs, self.context_settings)
        self.commands = cast(Any, self._commands)

    def make_context(self, info_name: str | None, args: list[str], *more: Any, **extra: Any) -> Any:
        """Parse what stands before the verb."""
        arguments = list(args)
        with _usage_errors(arguments):
            context = super().make_context(info_name, args, *more, **extra)
        context.obj = arguments
        return context

    def invoke(self, ctx: Any) -> Any:
        """Parse the verb and what follows, and run it."""
        with _usage_errors(ctx.obj):
            return super().invoke(ctx)

    def list_commands(self, ctx: Any) -> list[str]:
        """The verbs' names, in their order."""
        return list(self._commands)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the verbs in `--help`."""
        self.commands = cast(Any, self._commands.said())
        try:
            super().format_commands(ctx, formatter)
        finally:
            self.commands = cast(Any, self._commands)
