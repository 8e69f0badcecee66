"""Whether `segjob run` fits a new model or assigns the rows by the one in use, as `refit` and `refit_days` say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from segjob.commands.read.health import Health, check_health
from segjob.config import Config
from segjob.registry.registry import Registry
from segjob.registry.relations import ResolvedSegmentation
from segjob.registry.runs import Record, settings_of


@dataclass(frozen=True)
class Due:
    """What is to be done.

    base : the run by whose model the rows are assigned; None to fit a new model.
    reason : why; None if every run fits.
    """

    base: Record | None
    reason: str | None


def due(registry: Registry, config: Config, source: ResolvedSegmentation) -> Due:
    """What a run of the segmentation has to do.

    A first run fits, and so does a run whose settings would make another model than those of the current run.
    """
    settings = source.settings
    if settings.refit == "always":
        return Due(None, None)
    with registry.warehouse.reading():
        run = registry.current_run(source.name)
        if run is None:
            return Due(None, "fitted: there was no run before")
        fitted_at = registry.fit_of(run)["as_of"]
    changed = settings.changed_since(settings_of(run))
    if changed:
        return Due(None, f"fitted: {', '.join(changed)} changed since run {run['run_id']}")
    days = ((source.as_of or datetime.now(UTC).replace(tzinfo=None)) - fitted_at).days
    age = f"the model of run {run['fit_run_id']} is {days:,} day{'s' * (days != 1)} old"
    if settings.refit_days is not None and days >= settings.refit_days:
        return Due(None, f"fitted: {age}, and refit_days is {settings.refit_days}")
    if settings.refit == "never":
        return Due(run, f"not fitted: {age}")
    health = check_health(registry, config.health, source.name, source)
    if health.is_healthy:
        return Due(run, f"not fitted: healthy, and {age}")
    return Due(None, f"fitted: not healthy, {_worst(health)}")


def _worst(health: Health) -> str:
    """What is beyond its limit, up to three measures."""
    beyond = [finding for finding in health.findings if not finding.is_healthy]
    named = [f"{f.measure} of {f.subject} is {f.value:.3g} (limit {f.threshold:.3g})" for f in beyond[:3]]
    more = f" and {len(beyond) - 3} more" if len(beyond) > 3 else ""
    return ", ".join(named) + more
