"""`partition_by`: a model, a choice of k and a set of ids per value of a column, as one run."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from helpers.small_warehouse import Segjob, dump, execute, fill, query
from sklearn.cluster import KMeans
from typer.testing import CliRunner

Refused = Callable[..., str]
COLUMNS = "id integer, income double, score double, country varchar"
MARKETS = ("DE", 'O\'Hara "x"', "Ελλάδα")
"""Of two, three and four groups, each on a scale of its own."""
CONFIG = """[segmentations.market]
relation = "customers"
key = "id"
features = ["income", "score"]
k_range = [1, 5]
partition_by = "country"
min_partition_rows = 50
"""


def market_customers() -> list[tuple[object, ...]]:
    """Three markets, one that is too small, five customers without a country and one without an income."""
    rng = np.random.default_rng(2)
    rows: list[tuple[object, ...]] = []
    for place, market in enumerate(MARKETS):
        groups = np.array([(0, 0), (9, 1), (1, 9), (9, 9)])[: place + 2]
        for i in range(90 + 30 * place):
            x, y = groups[i % len(groups)] + rng.normal(0, 0.5, 2)
            rows.append((len(rows) + 1, round(x * 10**place, 6), round(y + place, 6), market))
    rows += [(len(rows) + 1 + i, float(i), 1.0, "LI") for i in range(7)]
    rows += [(len(rows) + 1 + i, float(i), 1.0, None) for i in range(5)]
    return [*rows, (len(rows) + 1, None, 1.0, "DE")]


@pytest.fixture(scope="module")
def published_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from segjob.cli.app import app

    folder = tmp_path_factory.mktemp("markets")
    file = fill(folder / "shop.duckdb", market_customers(), columns=COLUMNS)
    (folder / "segjob.toml").write_text(CONFIG)
    result = CliRunner().invoke(
        app, ["run", "--config", str(folder / "segjob.toml"), "--warehouse", str(file)]
    )
    assert result.exit_code == 0, result.stderr
    (folder / "stderr").write_text(result.stderr)
    return file


@pytest.fixture
def shop(published_once: Path, folder: Path) -> Path:
    """A run of three markets."""
    (folder / "segjob.toml").write_text(CONFIG)
    return Path(shutil.copy(published_once, folder / "shop.duckdb"))


def test_every_market_has_the_segments_of_a_run_of_its_own(shop: Path, segjob: Segjob) -> None:
    counts = "select k, rows_read, rows_segmented, rows_excluded, partition_by from segments.runs"
    assert query(shop, counts) == [(9, 373, 360, 13, "country")]
    asked = (
        "run",
        "--from",
        "customers",
        "--key",
        "id",
        "--features",
        "income,score",
        "-q",
        "--k-range",
        "1:5",
    )
    market = MARKETS[1]
    where = f"country = '{market.replace(chr(39), chr(39) * 2)}'"
    assert segjob(*asked, "--name", "alone", "--where", where, "--warehouse", shop).code == 0
    pairs = query(
        shop,
        """select a.segment_id, b.segment_id, count(*), max(abs(a.distance - b.distance)) < 1e-9,
        max(abs(a.margin - b.margin)) < 1e-9, bool_and(a.is_outlier = b.is_outlier)
        from segments.market as a join segments.alone as b using (id) group by all order by all""",
    )
    assert [(after - 2, rows, *same) for (after, _, rows, *same) in pairs] == [
        (1, 40, True, True, True),
        (2, 40, True, True, True),
        (3, 40, True, True, True),
    ]
    said = "feature, mean, stddev, median, overall_mean, z"
    profiles = f"select {said} from segments.current_profiles where {{}} order by all"
    own = query(shop, profiles.format("segmentation = 'market' and segment_id in (3, 4, 5)"))
    alone = query(shop, profiles.format("segmentation = 'alone'"))
    for one, other in zip(own, alone, strict=True):
        assert one[0] == other[0]
        np.testing.assert_allclose(one[1:], other[1:], rtol=1e-9)


def test_the_segments_are_those_of_scikit_learn(shop: Path) -> None:
    rows = market_customers()
    for market, k in zip(MARKETS, (2, 3, 4), strict=True):
        points = np.array([row[1:3] for row in rows if row[3] == market and row[1] is not None], dtype=float)
        scaled = (points - points.mean(axis=0)) / points.std(axis=0)
        expected = KMeans(k, n_init=10, random_state=0).fit(scaled)
        found = query(
            shop,
            f"select s.rows, s.inertia from segments.current_segments s "
            f"where partition = '{market.replace(chr(39), chr(39) * 2)}' order by rows",
        )
        assert [n for n, _ in found] == sorted(np.bincount(expected.labels_).tolist())
        assert abs(sum(inertia for _, inertia in found) - expected.inertia_) < 1e-6


def test_refused_rows_are_named_and_counted(shop: Path, published_once: Path, segjob: Segjob) -> None:
    assert query(
        shop, "select reason, column_name, rows, partition from segments.exclusions order by all"
    ) == [
        ("missing value", "income", 1, None),
        ("no partition", "country", 5, None),
        ("partition below minimum", "country", 7, "LI"),
    ]
    said = (published_once.parent / "stderr").read_text()
    assert "5 rows have no country: they get no segments" in said
    assert "no segments for country 'LI' (7 of at least 50 rows)" in said
    assert query(shop, "select partition, status, k from segments.partitions order by all") == [
        ("DE", "segmented", 2),
        ("LI", "refused", None),
        ('O\'Hara "x"', "segmented", 3),
        ("Ελλάδα", "segmented", 4),
    ]
    shown = segjob("show", "--warehouse", shop).out
    assert "refused, partition below minimum: 7 of at least 50 rows" in shown
    assert "partition below minimum: LI" in shown


def test_views_and_function_score_each_row_by_its_own_model(shop: Path) -> None:
    assert query(
        shop,
        """select count(*), count(*) filter (where v.segment_id is not null), count(*) filter (
        where v.segment_id is distinct from s.segment_id or v.margin is distinct from s.margin
        or abs(coalesce(v.distance, 0) - coalesce(s.distance, 0)) > 1e-9
        or segments.market_segment(c.country, c.income, c.score) is distinct from s.segment_id)
        from customers c left join segments.market v using (id) left join segments.market_scores s using (id)""",
    ) == [(373, 360, 0)]
    assert query(
        shop,
        """select count(*), max(abs(total - (distance + margin) ** 2 + distance ** 2)) < 1e-9
        from (select id, sum(contribution) total from segments.market_reasons group by id)
        join segments.market using (id)""",
    ) == [(360, True)]
    assert (
        query(
            shop,
            "select count(*), count(distinct segment_name), min(rows) from segments.market_profile, segments.market",
        )[0][1]
        == 9
    )
    names = query(shop, "select name, partition from segments.segments")
    assert all(name.startswith(f"{market}: ") for name, market in names)


def test_rules_say_whose_rows_they_are_of(shop: Path) -> None:
    rules = query(shop, "select segment_id, rule, rule_precision, rule_recall from segments.segments")
    for segment, rule, precision, recall in rules:
        hits, fitting = query(
            shop,
            f"select count(*) filter (where segment_id = {segment}), count(*) from customers join segments.market "
            f"using (id) where {rule}",
        )[0]
        own = query(shop, f"select count(*) from segments.market where segment_id = {segment}")[0][0]
        assert (precision, recall) == (pytest.approx(hits / fitting), pytest.approx(hits / own))


@pytest.mark.long
def test_ids_stay_within_their_market(shop: Path, segjob: Segjob) -> None:
    execute(
        shop,
        "delete from customers where country = 'DE'",
        "insert into customers select id + 1000, income, score, 'FR' from customers where country like 'O%'",
        "update customers set income = income + 1 where country = 'Ελλάδα'",
    )
    assert segjob("run", "--warehouse", shop).code == 0
    assert query(
        shop,
        "select partition, list(segment_id order by segment_id) from segments.current_segments group by 1 order by 1",
    ) == [("FR", [10, 11, 12]), ('O\'Hara "x"', [3, 4, 5]), ("Ελλάδα", [6, 7, 8, 9])]
    assert query(
        shop,
        "select change, list(segment_id order by segment_id) from segments.lineage where run_id = 2 "
        "group by 1 order by 1",
    ) == [("new", [10, 11, 12]), ("retired", [1, 2]), ("same", [3, 4, 5, 6, 7, 8, 9])]
    assert query(
        shop, "select change, count(*) from segments.market_movements where run_id = 2 group by 1 order by 1"
    ) == [
        ("entered", 120),
        ("left", 90),
    ]
    assert segjob("rollback", "--warehouse", shop).code == 0
    assert query(shop, "select count(*), max(run_id) from segments.market") == [(360, 1)]
    scored = "select count(segment_id) from segments.market_scores s join customers using (id) where country = 'FR'"
    assert query(shop, scored) == [(0,)]


def test_an_assignment_knows_the_markets_of_the_fit(shop: Path, segjob: Segjob) -> None:
    execute(
        shop,
        "insert into customers select id + 1000, income, score, 'FR' from customers where country like 'O%'",
        "insert into customers values (2000, 0, 0, 'DE')",
    )
    outcome = segjob("assign", "--warehouse", shop)
    assert outcome.code == 0
    assert "no segments for country 'FR' (the model has none; 120 rows)" in outcome.err
    assert query(shop, "select kind, k, rows_segmented from segments.current_runs") == [
        ("assignment", 9, 361)
    ]
    assert query(
        shop,
        "select rows, partition from segments.exclusions where run_id = 2 and reason like '%without%' order by all",
    ) == [
        (7, "LI"),
        (120, "FR"),
    ]
    assert query(shop, "select id, change from segments.market_movements where run_id = 2") == [
        (2000, "entered")
    ]
    assert segjob("health", "--warehouse", shop).code in (0, 5)
    assert "2  O'Hara" not in segjob("show", "--warehouse", shop).out


def test_every_verb_takes_a_market_or_refuses(
    shop: Path, folder: Path, segjob: Segjob, refused: Refused
) -> None:
    asked = ("predict", "income=0", "score=0")
    predicted = segjob(*asked, "country=DE", "--json", "--warehouse", shop).document
    assert predicted["segment_name"].startswith("DE: ")
    assert "no value for country" in refused(shop, 2, *asked)
    assert "the run has no model for country 'LI'" in refused(shop, 3, *asked, "country=LI")
    shown = segjob("show", "--partition", "DE", "--warehouse", shop).out
    assert "where \"country\" = 'DE'" in shown
    assert "2  published" in shown
    assert "it has 'DE', 'LI'" in refused(shop, 3, "show", "--partition", "FR")
    assert segjob("health", "--warehouse", shop).code == 0
    assert "has no model for country 'LI'" in refused(shop, 3, "explain", "361")
    assert segjob("explain", "1", "--warehouse", shop).code == 0
    assert "compare takes one model" in refused(shop, 2, "compare")
    execute(shop, "create table others as select id, income, score, country from customers")
    assert segjob("score", "others", "--into", "scored", "--warehouse", shop).code == 0
    assert query(shop, "select count(segment_id) from scored") == [(360,)]
    execute(shop, "alter table others drop column country")
    assert "has no column 'country' (partition_by)" in refused(
        shop, 3, "score", "others", "--into", "scored", "--replace"
    )
    pages = [folder / "all.html", folder / "one.html"]
    assert segjob("report", "--out", pages[0], "--warehouse", shop).code == 0
    assert segjob("report", "--partition", "DE", "--out", pages[1], "--warehouse", shop).code == 0
    every, one = (page.read_text(encoding="utf-8") for page in pages)
    assert all(f"market: {name}" in every for name in ("DE", "Ελλάδα"))
    assert "market: DE" in one
    assert "Ελλάδα" not in one


def test_settings_that_do_not_go_together(shop: Path, folder: Path, refused: Refused) -> None:
    before = dump(shop)
    for change, code, words in (
        ('partition_by = "income"', 2, "partition_by names 'income', which is also the feature"),
        ('partition_by = "id"', 2, "partition_by names 'id', which is also the key"),
        ('partition_by = "INCOME"', 2, "is also the feature"),
        ('partition_by = "contry"', 3, "has no column 'contry' (partition_by)"),
        ('partition_by = "country"\nalgorithm = "ward"', 2, "partition_by goes with algorithm"),
        ('partition_by = "country"\nstart = "current"', 2, "partition_by goes with start"),
    ):
        (folder / "segjob.toml").write_text(CONFIG.replace('partition_by = "country"', change))
        assert words in refused(shop, code, "check"), change
    (folder / "segjob.toml").write_text(CONFIG.replace("= 50", "= 5000"))
    assert "no value of 'country' can be segmented" in refused(shop, 3, "run")
    (folder / "segjob.toml").write_text(CONFIG.replace('partition_by = "country"\n', ""))
    assert "min_partition_rows goes with partition_by" in refused(shop, 2, "check")
    assert dump(shop) == before


def test_a_column_of_too_many_values(folder: Path, refused: Refused) -> None:
    execute(
        folder / "many.duckdb",
        "create table customers as select i as id, i % 7 as income, i % 11 as score, i // 50 as country "
        "from range(60000) r(i)",
    )
    asked = ("--from", "customers", "--key", "id", "--features", "income,score")
    said = refused(folder / "many.duckdb", 3, "check", *asked, "--partition-by", "country")
    assert "'country' of customers has more than 1,000 values, such as '0'" in said
    execute(folder / "many.duckdb", "update customers set country = country % 120")
    said = refused(folder / "many.duckdb", 3, "check", *asked, "--partition-by", "country")
    assert "120 values of 'country' have 300 rows and more; a model is fitted for at most 100" in said


@pytest.mark.long
def test_one_model_for_all_and_back(shop: Path, folder: Path, segjob: Segjob) -> None:
    """A run of another kind has none of the segments before it, and no number is used twice."""
    asked = (
        "run",
        "--from",
        "customers",
        "--key",
        "id",
        "--features",
        "income,score",
        "--name",
        "market",
        "-q",
    )
    assert segjob(*asked, "--k", "2", "--k-range", "1:3", "--warehouse", shop).code == 0
    assert query(shop, "select segment_id, partition from segments.current_segments order by 1") == [
        (10, None),
        (11, None),
    ]
    (folder / "segjob.toml").write_text(CONFIG.replace("[1, 5]", "[1, 2]\nk = 2"))
    assert segjob("run", "-q", "--warehouse", shop).code == 0
    assert query(shop, "select min(segment_id), count(*) from segments.current_segments") == [(12, 6)]
