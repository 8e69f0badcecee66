"""The reports' figures, made a second time from the customers' own rows with pandas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

FEATURES = ["annual_income", "spending_score"]


@pytest.fixture(scope="module")
def customers(rows):
    """Every customer with the features of today and, where there is one, the segment of the last run."""
    return rows("select * from customer_features left join segments.income_spending using (customer_id)")


@pytest.fixture(scope="module")
def segmented(customers):
    """Those who have a segment."""
    return customers.dropna(subset=["segment_id"]).astype({"segment_id": int})


@pytest.fixture(scope="module")
def centroids(rows):
    """(k, 2) centroids in the columns' own units, by segment id, and the (2,) scales."""
    places = rows(
        "select c.segment_id, c.feature, c.value, t.scale from segments.centroids c "
        "inner join segments.current_runs r using (run_id) inner join segments.transforms t using (run_id, feature) "
        "where r.segmentation = 'income_spending'"
    )
    return (
        places.pivot(index="segment_id", columns="feature", values="value")[FEATURES],
        places.groupby("feature")["scale"].first()[FEATURES].to_numpy(),
    )


def all_distances(customers, centroids):
    """(n, k) distances in scaled units."""
    places, scales = centroids
    gaps = (customers[FEATURES].to_numpy()[:, None, :] - places.to_numpy()[None]) / scales
    return np.sqrt((gaps**2).sum(axis=2))


def test_segment_sizes(report, segmented):
    found = report("segment_sizes").set_index("segment_id")
    sizes = segmented["segment_id"].value_counts()
    assert found["customers"].to_dict() == sizes.to_dict()
    assert found["customers"].is_monotonic_decreasing
    assert_allclose(found["percent_of_customers"], (100 * sizes / sizes.sum())[found.index], atol=0.0501)
    assert found["percent_so_far"].iloc[-1] == 100


def test_segment_sizes_of_another_segmentation(report, rows):
    found = report("segment_sizes", {"'income_spending'": "'value'"})
    assert found["customers"].sum() == rows("from segments.value").shape[0]


def test_profile_card(report, segmented):
    found = report("profile_card")
    # Two customers were changed or added after the run, but none who has a segment.
    long = segmented.melt(["segment_id"], FEATURES, "feature")
    stats = long.groupby(["segment_id", "feature"])["value"].describe()
    found = found.set_index(["segment_id", "feature"]).loc[stats.index]
    assert_allclose(found["mean"], stats["mean"], rtol=1e-12)
    assert_allclose(found["median"], stats["50%"])
    assert_allclose(found["middle_half_from"], stats["25%"])
    assert_allclose(found["middle_half_to"], stats["75%"])
    overall = long.groupby("feature")["value"].mean()
    assert_allclose(found["difference"], stats["mean"] - overall.reindex(stats.index, level=1), atol=1e-9)
    assert set(found.loc[found["z"] > 1, "in_words"]) == {"very high"}
    assert set(found.loc[found["z"] < -1, "in_words"]) == {"very low"}
    assert set(found.loc[found["z"].abs() < 0.5, "in_words"]) == {"about average"}


def test_near_a_border(report, segmented, centroids):
    distances = all_distances(segmented, centroids)
    nearest = np.sort(distances, axis=1)
    margin = pd.Series(nearest[:, 1] - nearest[:, 0], index=segmented["customer_id"])
    runner_up = pd.Series(
        centroids[0].index.to_numpy()[distances.argsort(axis=1)[:, 1]], index=segmented["customer_id"]
    )
    limit = float(margin.quantile(0.1))
    found = report("near_a_border", {"0.25 as": f"{limit!r} as"}).set_index("customer_id")
    expected = margin[margin < limit].sort_values()
    assert found.index.tolist() == expected.index.tolist()
    assert_allclose(found["margin"], expected, rtol=1e-9)
    assert found["next_segment_id"].tolist() == runner_up[expected.index].tolist()


def test_outliers(report, segmented, centroids):
    found = report("outliers")
    assert found["customer_id"].iloc[0] == "c060"
    own = all_distances(segmented, centroids).min(axis=1)
    distance = pd.Series(own, index=segmented["customer_id"])
    assert_allclose(found["distance"], distance[found["customer_id"]], rtol=1e-9)
    assert (found["times_the_limit"] > 1).all()
    assert set(found["customer_id"]) == set(
        segmented.loc[segmented["is_outlier"].astype(bool), "customer_id"]
    )


def test_revenue_share(report, customers):
    found = report("revenue_share").set_index("segment_name")
    groups = customers.assign(name=customers["segment_name"].fillna("(no segment)")).groupby("name")
    total = customers["revenue"].sum()
    assert_allclose(found["revenue"], groups["revenue"].sum()[found.index], atol=0.01)
    assert found["customers"].to_dict() == groups.size().to_dict()
    assert found["customers"].sum() == len(customers)
    assert_allclose(found["percent_of_revenue"], 100 * found["revenue"] / total, atol=0.051)
    assert_allclose(found["revenue_per_customer"], groups["revenue"].mean()[found.index], atol=0.0051)
    without = 100 * groups["orders"].agg(lambda orders: (orders == 0).mean())
    assert_allclose(found["percent_without_order"], without[found.index], atol=0.051)
    per_order = (groups["revenue"].sum() / groups["orders"].sum())[found.index]
    assert_allclose(found["revenue_per_order"], per_order, atol=0.0051)


def test_gender_and_age(report, segmented):
    found = report("gender_and_age")
    bands = pd.cut(
        segmented["age"], [0, 30, 50, 200], right=False, labels=["under 30", "30 to 49", "50 and over"]
    )
    made = segmented.assign(
        gender=segmented["gender"].fillna("(missing)"), age_band=bands.astype(object).fillna("(missing)")
    )
    expected = made.groupby(["segment_id", "gender", "age_band"]).size()
    counted = found.set_index(["segment_id", "gender", "age_band"])["customers"]
    assert counted.to_dict() == expected.to_dict()
    assert_allclose(found.groupby("segment_id")["percent_of_segment"].sum(), 100, atol=0.6)
    other = report("gender_and_age", {"30 as middle_from": "25 as middle_from"})
    assert "25 to 49" in set(other["age_band"])


def test_why_this_k(report, rows):
    found = report("why_this_k").set_index("k")
    assert found.index.tolist() == list(range(1, 11))
    run = rows("select * from segments.current_runs where segmentation = 'income_spending'").iloc[0]
    assert found.index[found["is_chosen"]].tolist() == [run["k"]]
    assert found.loc[run["k"], "inertia"] == pytest.approx(run["inertia"], rel=1e-9)
    votes = rows(f"from segments.k_votes where run_id = {run['run_id']} and k is not null")
    assert found["votes"].sum() == len(votes)
    assert found.loc[found["votes"] > 0, "votes"].to_dict() == votes["k"].value_counts().to_dict()
    saved = -found["inertia"].diff()
    assert_allclose(found["inertia_saved"].iloc[1:], saved.iloc[1:], rtol=1e-9)


def test_excluded_customers(report, customers):
    found = report("excluded_customers")
    long = customers.melt(["customer_id"], FEATURES, "source_column")
    expected = long[long["value"].isna()].sort_values(["customer_id", "source_column"])
    assert found["customer_id"].tolist() == expected["customer_id"].tolist() != []
    assert found["source_column"].tolist() == expected["source_column"].tolist()
    # c019 lacks both; it is one customer with two columns to blame.
    assert (found["customer_id"] == "c019").sum() == 2


def test_excluded_customers_below_a_bound(rows, report, own_copy, root):
    """The bounds of the published model are obeyed: revenue below 0 has no `value` segment."""
    import duckdb

    text = (root / "sql" / "reports" / "excluded_customers.sql").read_text(encoding="utf-8")
    for before, after in {
        "'income_spending'": "'value'",
        "income_spending_scores": "value_scores",
        "annual_income": "revenue",
        "spending_score": "recency_days",
    }.items():
        text = text.replace(before, after)
    with duckdb.connect(str(own_copy)) as connection:
        connection.execute("update customer_features set revenue = -5 where customer_id = 'c004'")
        found = connection.execute(text).df()
    below = found[found["reason"].str.startswith("below")]
    assert below["customer_id"].tolist() == ["c004"]
    assert below["value"].tolist() == [-5]
    assert found.loc[found["reason"].str.startswith("no value"), "source_column"].unique().tolist() == [
        "recency_days"
    ]


def test_new_customers(report, customers, centroids):
    found = report("new_customers").set_index("customer_id")
    # Five came after the run, and c033 has a score now.
    assert sorted(found.index) == ["c000", "c001", "c002", "c003", "c004", "c033"]
    new = customers.set_index("customer_id").loc[found.index]
    nearest = centroids[0].index.to_numpy()[all_distances(new, centroids).argmin(axis=1)]
    assert found["segment_id"].tolist() == nearest.tolist()


def test_crossed_segmentations(report, rows):
    found = report("crossed_segmentations")
    pairs = rows(
        "select i.segment_id as shopper, v.segment_id as buyer "
        "from segments.income_spending i inner join segments.value v using (customer_id)"
    )
    expected = pd.crosstab(pairs["shopper"], pairs["buyer"])
    counted = found.pivot(index="shopper_segment_id", columns="value_segment_id", values="customers").fillna(
        0
    )
    assert (counted.to_numpy() == expected.to_numpy()).all()
    chance = np.outer(expected.sum(axis=1), expected.sum(axis=0)) / len(pairs)
    times = found.pivot(
        index="shopper_segment_id", columns="value_segment_id", values="times_expected"
    ).fillna(0)
    assert_allclose(times, expected / chance, rtol=1e-12)


def test_segment_trend(report, rows):
    found = report("segment_trend")
    history = rows("from segments.income_spending_history").groupby(["run_id", "segment_id"]).size()
    assert found.set_index(["run_id", "segment_id"])["customers"].to_dict() == history.to_dict()
    newest, oldest = found["run_id"].max(), found["run_id"].min()
    gained = found[found["run_id"] == newest].set_index("segment_id")["customers_gained"]
    for segment, gain in gained.dropna().items():
        assert gain == history[newest, segment] - history[oldest, segment]
    assert gained.dropna().size > 0
    assert report("segment_trend", {"12 as runs": "1 as runs"})["run_id"].unique().tolist() == [newest]


def test_customers_to_contact(report, segmented):
    found = report("customers_to_contact", {"10 as": "3 as"})
    fitting = segmented[~segmented["is_outlier"].astype(bool)]
    best = (
        fitting.sort_values(["segment_id", "revenue", "customer_id"], ascending=[True, False, True])
        .groupby("segment_id")
        .head(3)
    )
    assert found["customer_id"].tolist() == best["customer_id"].tolist()


def test_rfm_quintiles(report, rows):
    buyers = rows("select * from segments.value inner join customer_features using (customer_id)")

    def fifth(order: pd.DataFrame) -> pd.Series:
        place = pd.Series(np.arange(len(order)), index=order.index)
        # ntile gives the first groups one more where the rows do not divide evenly.
        sizes = [len(order) // 5 + (i < len(order) % 5) for i in range(5)]
        return pd.Series(np.repeat(np.arange(1, 6), sizes), index=place.index)

    r = 6 - fifth(buyers.sort_values(["recency_days", "customer_id"]))
    f = fifth(buyers.sort_values(["orders", "customer_id"]))
    m = fifth(buyers.sort_values(["revenue", "customer_id"]))
    champions = buyers[(r >= 4) & (f >= 4) & (m >= 4)].groupby("segment_id").size()
    lost = buyers[(r <= 2) & (f <= 2) & (m <= 2)].groupby("segment_id").size()
    found = report("rfm_quintiles")
    counted = found.set_index(["rfm_group", "segment_id"])["customers"]
    assert counted.sum() == len(buyers)
    assert counted["1 champions"].to_dict() == champions.to_dict() != {}
    assert counted["5 lost"].to_dict() == lost.to_dict() != {}
    points = (r + f + m).groupby(buyers["segment_id"]).sum()
    summed = (found["mean_rfm_points"] * found["customers"]).groupby(found["segment_id"]).sum()
    assert_allclose(summed, points, rtol=0.005)


def test_moved_customers(report, rows):
    found = report("moved_customers").set_index("customer_id")
    history = rows("from segments.income_spending_history").pivot(
        index="customer_id", columns="run_id", values="segment_id"
    )
    before, now = history[history.columns[0]], history[history.columns[-1]]
    entered, left = before.isna() & now.notna(), before.notna() & now.isna()
    moved = before.notna() & now.notna() & (before != now)
    for change, who in {"entered": entered, "left": left, "moved": moved}.items():
        assert set(found.index[found["change"] == change]) == set(history.index[who]) != set()
    assert found.loc[found["change"] != "left", "to_segment"].notna().all()
    assert found.loc[found["change"] != "entered", "from_segment"].notna().all()
    assert found.loc[found["change"] == "left", "to_segment"].isna().all()


def test_revenue_over_time(report, rows):
    found = report("revenue_over_time")
    lines = rows(
        "select * from staging.int_order_lines left join segments.income_spending using (customer_id)"
    )
    lines["segment_id"] = lines["segment_id"].fillna(0)
    by = [lines["ordered_at"].dt.year, lines["ordered_at"].dt.month, "segment_id"]
    expected = lines.groupby(by)["revenue"].sum()
    keys = found["order_year"], found["order_month"], found["segment_id"].fillna(0)
    counted = pd.Series(found["revenue"].to_numpy(), index=pd.MultiIndex.from_arrays(keys))
    assert counted.index.tolist() != expected.index.tolist() or (expected.index.get_level_values(2) > 0).all()
    assert_allclose(counted.sort_index(), expected.sort_index(), atol=0.006)
    months = found.groupby(["order_year", "order_month"])["percent_of_month"].sum()
    assert_allclose(months, 100, atol=0.31)


def test_customer_life(report, rows):
    history = rows("from segments.income_spending_history where customer_id = 'c110' order by run_id")
    found = report("customer_life", {"'12' as": "'c110' as"})
    assert found["segment_id"].tolist() == history["segment_id"].tolist()
    assert found["change"].tolist()[-1] == "moved"
    assert found["from_segment_id"].tolist()[-1] == history["segment_id"].tolist()[0]
    gone = report("customer_life", {"'12' as": "'c397' as"})
    assert gone["change"].tolist()[-1] == "left"


def test_nearest_to_segment(report, segmented, centroids):
    found = report("nearest_to_segment", {"10 as": "3 as"})
    distances = all_distances(segmented, centroids)
    order = distances.argsort(axis=1)
    near = np.sort(distances, axis=1)
    others = pd.DataFrame(
        {
            "to": centroids[0].index.to_numpy()[order[:, 1]],
            "customer_id": segmented["customer_id"].to_numpy(),
            "margin": near[:, 1] - near[:, 0],
        }
    )
    best = others.sort_values(["to", "margin", "customer_id"]).groupby("to").head(3)
    assert found["customer_id"].tolist() == best["customer_id"].tolist()
    assert found["to_segment_id"].tolist() == best["to"].tolist()


def test_segment_overlap(report, rows):
    found = report("segment_overlap").set_index("segment_id")
    members = {
        name: rows(f"select segment_id, customer_id from segments.{name}")
        .groupby("segment_id")["customer_id"]
        .agg(set)
        for name in ("income_spending", "value")
    }
    for segment, own in members["income_spending"].items():
        jaccard = {other: len(own & them) / len(own | them) for other, them in members["value"].items()}
        assert found.loc[segment, "jaccard"] == pytest.approx(max(jaccard.values()))
        assert jaccard[found.loc[segment, "other_segment_id"]] == max(jaccard.values())
        assert found.loc[segment, "customers"] == len(own)
