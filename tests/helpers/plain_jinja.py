"""All of dbt_project's models over files, without dbt: many files in little time."""

from __future__ import annotations

from segjob.files.dbt_models import CUSTOMER_MODELS, ORDERS_READ, PRODUCT_MODELS, DbtModels


class PlainJinja(DbtModels):
    """The models as `dbt build` runs them."""

    def run(self, until: str = "") -> None:
        """Make every model up to `until`."""
        models = (*ORDERS_READ, *CUSTOMER_MODELS, *PRODUCT_MODELS)
        names = [model.partition(".")[2] for model in models]
        self.make(models[: names.index(until) + 1] if until else models)
