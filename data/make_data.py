"""Makes customers.csv, orders.csv, their truths and README.md, the same bytes every time.

    python data/make_data.py [DIRECTORY]

Five groups of customers that differ in income, spending score, age and in how they buy, four kinds of products that
differ in how they sell, two years of order lines, and real-life dirt planted in exactly the numbers that
`CUSTOMER_DIRT` and `ORDER_DIRT` state. Only the standard library is used, and of it only `random.Random.random`, whose
stream Python promises never to change.
"""

from __future__ import annotations

import csv
import random
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import NormalDist
from typing import NamedTuple

SEED = 20250701
CUSTOMERS = 2000
FIRST_DAY = datetime(2023, 7, 1)
LAST_DAY = datetime(2025, 6, 30)
DAYS = (LAST_DAY - FIRST_DAY).days

CUSTOMER_HEADER = ["CustomerID", "Gender", "Age", "Annual Income (k$)", "Spending Score (1-100)"]
ORDER_HEADER = ["order_id", "customer_id", "product_id", "ordered_at", "quantity", "unit_price"]
ID, GENDER, AGE, INCOME, SCORE = range(5)
ORDER_ID, BUYER, PRODUCT, ORDERED_AT, QUANTITY, PRICE = range(6)


@dataclass(frozen=True)
class Group:
    """One true group: (mean, standard deviation) of what customers are like, and how they buy."""

    name: str
    share: float
    income: tuple[float, float]
    score: tuple[float, float]
    age: tuple[float, float]
    female: float
    orders: float
    """Mean number of orders in two years."""
    gap: float
    """Mean number of days between the last order and the end of the data."""
    lines: float
    """Mean number of products in an order."""
    taste: float
    """0 buys the cheapest products, 1 the dearest."""


GROUPS = (
    Group("steady middle", 0.38, (58, 8.5), (50, 7), (44, 13), 0.56, 4.6, 70, 1.8, 0.45),
    Group("affluent enthusiasts", 0.19, (98, 11), (83, 6.5), (34, 6), 0.53, 8.6, 18, 2.4, 0.80),
    Group("affluent and thrifty", 0.17, (101, 12), (19, 7), (45, 9), 0.44, 2.2, 210, 1.3, 0.75),
    Group("young trendsetters", 0.14, (28, 6.5), (81, 7), (25, 4.5), 0.60, 7.4, 32, 1.6, 0.20),
    Group("careful savers", 0.12, (27, 7), (20, 7.5), (49, 11), 0.58, 1.9, 290, 1.4, 0.12),
)


@dataclass(frozen=True)
class Kind:
    """One true kind of products: how they sell."""

    name: str
    products: int
    taste: tuple[float, float]
    """From where to where they range: 0 is the cheapest there is, 1 the dearest."""
    demand: float
    """How much they are wanted, against each other."""
    packs: float
    """Mean number of units in a line beyond the first."""
    returned: float
    """How often a line comes back, against each other."""
    alone: float
    """How often nothing else is in the order."""


KINDS = (
    Kind("everyday goods", 40, (0.05, 0.50), 5.0, 2.2, 0.03, 0.0),
    Kind("clothing", 45, (0.25, 0.75), 1.6, 0.3, 1.0, 0.0),
    Kind("furniture", 35, (0.75, 1.00), 0.9, 0.05, 0.08, 0.9),
    Kind("slow sellers", 40, (0.35, 0.65), 0.22, 0.3, 0.05, 0.0),
)


@dataclass(frozen=True)
class Product:
    """Something that is sold, what it costs, and how much it is wanted."""

    product_id: str
    kind: Kind
    price: float
    taste: float
    demand: float


class Finding(NamedTuple):
    """One kind of dirt: in how many rows it is planted, what dbt does with them, and what it looks like."""

    name: str
    rows: int
    outcome: str
    words: str


CUSTOMER_DIRT = (
    Finding("age_missing", 36, "set_to_null", "an empty age, or `n/a`, `NULL`, `-`"),
    Finding("annual_income_missing", 29, "set_to_null", "an empty income, or `n/a`, `NULL`, `-`"),
    Finding("spending_score_missing", 9, "set_to_null", "a score of `n/a`"),
    Finding("gender_missing", 24, "set_to_null", "an empty gender, or one of blanks"),
    Finding("gender_respelled", 63, "repaired", "`F`, `female`, `MALE`, `m`, `Woman`, `Femal` and the like"),
    Finding(
        "annual_income_reformatted", 21, "repaired", "an income such as `54k` or `1,200`, read as a number"
    ),
    Finding("text_padded", 42, "repaired", "a gender or an age with blanks around it"),
    Finding("customer_id_missing", 8, "rejected", "a row without an id"),
    Finding("age_out_of_range", 3, "rejected", "an age of 0, 150 or -5"),
    Finding(
        "annual_income_out_of_range", 5, "rejected", "the incomes such as `1,200`: 1200 k$ is above 1000"
    ),
    Finding("spending_score_out_of_range", 11, "rejected", "a score of 0 (6 rows) or 101 (5 rows)"),
    Finding("duplicate", 26, "merged", "a row that stands twice"),
    Finding("superseded", 7, "merged", "an id that comes again, later, with another income and score"),
)
ORDER_DIRT = (
    Finding("returned", 900, "flagged", "a negative quantity: the line lowers revenue and is no order"),
    Finding("free", 57, "flagged", "a unit price of 0: an order without revenue"),
    Finding("customer_id_missing", 12, "rejected", "a line without a customer"),
    Finding("ordered_at_unreadable", 5, "rejected", "a time such as `31/06/2025` or `yesterday`"),
    Finding("ordered_in_future", 14, "rejected", "a year typed wrongly: 2205 for 2025"),
    Finding("unknown_customer", 23, "rejected", "a customer that is not in customers.csv"),
    Finding("duplicate", 38, "merged", "a line that was exported twice"),
)
PLANTED_CUSTOMERS = {finding.name: finding.rows for finding in CUSTOMER_DIRT}
PLANTED_ORDERS = {finding.name: finding.rows for finding in ORDER_DIRT}

BAD_AGES, BAD_INCOMES, BAD_SCORES = ("0", "150", "-5"), ("1,200", "1,450", "1,080"), ("0", "101")
BLANKS = ("", "n/a", "NULL", "-", "")
SPELLINGS = {
    "Female": ("F", "female", "FEMALE", "f", "Woman", "Femal", "fem."),
    "Male": ("M", "male", "MALE", "m", "Man", "Mle", "masc."),
}


class Dice:
    """Every draw is made from `random()` alone, which is stable over Python versions."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def unit(self) -> float:
        """A number above 0 and below 1."""
        return min(max(self._random.random(), 1e-12), 1 - 1e-12)

    def normal(self, mean: float, deviation: float) -> float:
        """A draw from a normal distribution."""
        return NormalDist(mean, deviation).inv_cdf(self.unit())

    def below(self, n: int) -> int:
        """A whole number from 0 to n - 1."""
        return int(self.unit() * n)

    def count(self, mean: float) -> int:
        """A geometric draw with this mean: 0, 1, 2, ..."""
        n, stop = 0, 1 / (1 + mean)
        while self.unit() > stop:
            n += 1
        return n

    def pick(self, weights: list[float]) -> int:
        """An index, each as likely as its weight."""
        left = self.unit() * sum(weights)
        for index, weight in enumerate(weights):
            left -= weight
            if left <= 0:
                return index
        return len(weights) - 1

    def shuffled(self, n: int) -> list[int]:
        """0 to n - 1 in a drawn order (Fisher and Yates, 1938)."""
        order = list(range(n))
        for last in range(n - 1, 0, -1):
            other = self.below(last + 1)
            order[last], order[other] = order[other], order[last]
        return order


def clean_customers(dice: Dice) -> tuple[list[list[str]], dict[str, Group]]:
    """One row per customer without any dirt, and the group that each came from."""
    rows, group_of = [], {}
    weights = [group.share for group in GROUPS]
    for number in range(1, CUSTOMERS + 1):
        group = GROUPS[dice.pick(weights)]
        income = min(max(round(dice.normal(*group.income)), 12), 180)
        score = min(max(round(dice.normal(*group.score)), 1), 100)
        age = min(max(round(dice.normal(*group.age)), 18), 84)
        gender = "Female" if dice.unit() < group.female else "Male"
        rows.append([str(number), gender, str(age), str(income), str(score)])
        group_of[str(number)] = group
    return rows, group_of


def catalogue(dice: Dice) -> list[Product]:
    """All products, their kinds mixed."""
    kinds = [kind for kind in KINDS for _ in range(kind.products)]
    products = []
    for number, which in enumerate(dice.shuffled(len(kinds)), start=1):
        kind = kinds[which]
        low, high = kind.taste
        taste = low + (high - low) * dice.unit()
        price = round(4 * (60**taste) * (0.8 + 0.4 * dice.unit()), 2)
        demand = kind.demand * (0.6 + 0.8 * dice.unit())
        products.append(Product(f"P-{number:03d}", kind, price, taste, demand))
    return products


def orders_of(dice: Dice, buyer: str, group: Group, products: list[Product]) -> list[list[list[str]]]:
    """The orders of one customer, each a list of lines without an order id yet."""
    weights = [p.demand * 2.718 ** (-8 * (p.taste - group.taste) ** 2) for p in products]
    last = (dice.count(group.gap / 5) * 5 + dice.below(5)) % DAYS
    orders = []
    for number in range(dice.count(group.orders)):
        days_ago = last if number == 0 else last + dice.below(DAYS - last + 1)
        moment = LAST_DAY - timedelta(days=days_ago) + timedelta(minutes=8 * 60 + dice.below(14 * 60))
        lines: dict[str, list[str]] = {}
        for _ in range(1 + dice.count(group.lines - 1)):
            product = products[dice.pick(weights)]
            price = f"{product.price * (0.9 if dice.unit() < 0.15 else 1):.2f}"
            quantity = str(1 + dice.count(product.kind.packs))
            line = ["", buyer, product.product_id, moment.isoformat(" "), quantity, price]
            if dice.unit() < product.kind.alone:
                lines = {product.product_id: line}
                break
            lines.setdefault(product.product_id, line)
        orders.append(list(lines.values()))
    return orders


def clean_orders(dice: Dice, group_of: dict[str, Group], products: list[Product]) -> list[list[str]]:
    """All order lines by time, numbered: lines of one order share its id."""
    orders = [order for buyer, group in group_of.items() for order in orders_of(dice, buyer, group, products)]
    orders.sort(key=lambda order: (order[0][ORDERED_AT], int(order[0][BUYER])))
    for number, order in enumerate(orders, start=100_001):
        for line in order:
            line[ORDER_ID] = str(number)
    return [line for order in orders for line in order]


def soil_customers(dice: Dice, rows: list[list[str]]) -> list[list[str]]:
    """The rows with all dirt of `CUSTOMER_DIRT`; no clean row gets two kinds, so that each can be counted."""
    todo, queue = PLANTED_CUSTOMERS, iter(dice.shuffled(len(rows)))

    def spread(finding: str, column: int, values: tuple[str, ...]) -> None:
        for number in range(todo[finding]):
            rows[next(queue)][column] = values[number % len(values)]

    spread("age_missing", AGE, BLANKS)
    spread("annual_income_missing", INCOME, BLANKS)
    spread("spending_score_missing", SCORE, ("n/a",))
    spread("gender_missing", GENDER, ("", "   "))
    spread("age_out_of_range", AGE, BAD_AGES)
    spread("spending_score_out_of_range", SCORE, BAD_SCORES)
    spread("annual_income_out_of_range", INCOME, BAD_INCOMES)
    for number in range(todo["gender_respelled"]):
        row = rows[next(queue)]
        row[GENDER] = SPELLINGS[row[GENDER]][number % 7]
    for _ in range(todo["annual_income_reformatted"] - todo["annual_income_out_of_range"]):
        row = rows[next(queue)]
        row[INCOME] += "k"
    for number in range(todo["text_padded"]):
        row, column = rows[next(queue)], (GENDER, AGE)[number % 2]
        row[column] = f"  {row[column]} "
    soiled = [*rows, *([*rows[next(queue)]] for _ in range(todo["duplicate"]))]
    for _ in range(todo["superseded"]):
        row = rows[next(queue)]
        soiled.append([*row[:INCOME], str(int(row[INCOME]) + 9), str(101 - int(row[SCORE]))])
    for _ in range(todo["customer_id_missing"]):
        soiled.insert(dice.below(len(rows)), ["", *rows[next(queue)][GENDER:]])
    return soiled


def returns_of(
    dice: Dice, lines: list[list[str]], products: list[Product], good: set[str]
) -> list[list[str]]:
    """Lines that send all of an earlier line back within a month."""
    rate = {product.product_id: product.kind.returned for product in products}
    wanted, taken, result = PLANTED_ORDERS["returned"], set(), []
    latest = (LAST_DAY - timedelta(days=31)).isoformat(" ")
    while len(result) < wanted:
        index = dice.below(len(lines))
        line = lines[index]
        if index in taken or line[BUYER] not in good or line[ORDERED_AT] > latest:
            continue
        if dice.unit() > rate[line[PRODUCT]]:
            continue
        taken.add(index)
        back = datetime.fromisoformat(line[ORDERED_AT]) + timedelta(
            days=1 + dice.below(28), minutes=dice.below(90)
        )
        result.append(
            [
                line[ORDER_ID],
                line[BUYER],
                line[PRODUCT],
                back.isoformat(" "),
                f"-{line[QUANTITY]}",
                line[PRICE],
            ]
        )
    return result


def soil_orders(
    dice: Dice, lines: list[list[str]], products: list[Product], good: set[str]
) -> list[list[str]]:
    """The lines with all dirt of `ORDER_DIRT`, planted among customers whose own row is good."""
    todo = PLANTED_ORDERS
    returns = returns_of(dice, lines, products, good)
    sent_back = {(line[ORDER_ID], line[PRODUCT]) for line in returns}
    usable = [i for i in dice.shuffled(len(lines)) if lines[i][BUYER] in good]
    queue = iter([i for i in usable if (lines[i][ORDER_ID], lines[i][PRODUCT]) not in sent_back])
    for _ in range(todo["free"]):
        lines[next(queue)][PRICE] = "0.00"
    for _ in range(todo["customer_id_missing"]):
        lines[next(queue)][BUYER] = ""
    for number in range(todo["ordered_at_unreadable"]):
        lines[next(queue)][ORDERED_AT] = ("31/06/2025", "yesterday")[number % 2]
    for _ in range(todo["ordered_in_future"]):
        line = lines[next(queue)]
        line[ORDERED_AT] = line[ORDERED_AT][0] + "2" + line[ORDERED_AT][2:]
    for number in range(todo["unknown_customer"]):
        lines[next(queue)][BUYER] = str(9001 + number % 9)
    twice = [[*lines[next(queue)]] for _ in range(todo["duplicate"])]
    soiled = lines + returns + twice
    soiled.sort(key=lambda line: line[ORDER_ID])
    return soiled


def rejected_ids(rows: list[list[str]]) -> set[str]:
    """Ids of customers who are rejected for an age, income or score out of range."""
    bad = {AGE: BAD_AGES, INCOME: BAD_INCOMES, SCORE: BAD_SCORES}
    return {row[ID] for row in rows if any(row[column] in values for column, values in bad.items())}


def table_of(file: str, dirt: Sequence[Finding], rows: int) -> list[str]:
    """The lines of the README's table for one file."""
    lost = sum(finding.rows for finding in dirt if finding.outcome in ("rejected", "merged"))
    lines = [f"| {file} | row | read | {rows} | every row below the header |"]
    lines.append(
        f"| {file} | row | kept | {rows - lost} | what is left without the rejected and the merged rows |"
    )
    return lines + [f"| {file} | {f.name} | {f.outcome} | {f.rows} | {f.words} |" for f in dirt]


def groups_of(group_of: dict[str, Group], lines: list[list[str]]) -> list[str]:
    """The lines of the README's table of groups, measured on the order lines without dirt."""
    last_order: dict[str, str] = {}
    placed: dict[str, set[str]] = {}
    for line in lines:
        last_order[line[BUYER]] = max(last_order.get(line[BUYER], ""), line[ORDERED_AT])
        placed.setdefault(line[BUYER], set()).add(line[ORDER_ID])
    result = []
    for group in GROUPS:
        ids = [i for i, of in group_of.items() if of is group]
        quiet = [
            (LAST_DAY.date() - datetime.fromisoformat(last_order[i]).date()).days
            for i in ids
            if i in last_order
        ]
        cells = [group.name, f"{len(ids)}"]
        cells += [f"{mean} ± {deviation}" for mean, deviation in (group.income, group.score, group.age)]
        cells += [f"{group.female:.0%}", f"{sum(len(placed.get(i, ())) for i in ids) / len(ids):.1f}"]
        cells += [f"{sum(quiet) / len(quiet):.0f}", f"{1 - len(quiet) / len(ids):.0%}"]
        result.append("| " + " | ".join(cells) + " |")
    return result


def kinds_of(products: list[Product], orders: list[list[str]]) -> list[str]:
    """The lines of the README's table of kinds, measured on the order lines as they are written."""
    bought = [line for line in orders if not line[QUANTITY].startswith("-")]
    returned = [line for line in orders if line[QUANTITY].startswith("-")]
    in_order = Counter(line[ORDER_ID] for line in bought)
    result = []
    for kind in KINDS:
        ids = {product.product_id for product in products if product.kind is kind}
        prices = [product.price for product in products if product.kind is kind]
        own = [line for line in bought if line[PRODUCT] in ids]
        back = sum(-int(line[QUANTITY]) for line in returned if line[PRODUCT] in ids)
        cells = [kind.name, str(kind.products), f"{min(prices):.0f} to {max(prices):.0f}"]
        cells += [f"{len(own) / len(ids):.0f}", f"{back / sum(int(line[QUANTITY]) for line in own):.1%}"]
        cells += [f"{sum(in_order[line[ORDER_ID]] == 1 for line in own) / len(own):.0%}"]
        result.append("| " + " | ".join(cells) + " |")
    return result


def write_csv(path: Path, header: list[str], rows: list[list[str]]) -> None:
    """UTF-8, newline-terminated on every system."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


def main(directory: Path) -> None:
    """Make everything, and write it into `directory`."""
    dice, goods_dice = Dice(SEED), Dice(SEED + 1)
    rows, group_of = clean_customers(dice)
    products = catalogue(goods_dice)
    lines = clean_orders(goods_dice, group_of, products)
    groups = groups_of(group_of, lines)
    customers = soil_customers(dice, rows)
    rejected = rejected_ids(customers)
    orders = soil_orders(goods_dice, lines, products, set(group_of) - rejected)
    orphans = sum(line[BUYER] in rejected for line in orders)
    lost = Finding(
        "rejected_customer", orphans, "rejected", "a line of a customer whose own row was rejected"
    )

    directory.mkdir(parents=True, exist_ok=True)
    write_csv(directory / "customers.csv", CUSTOMER_HEADER, customers)
    write_csv(directory / "orders.csv", ORDER_HEADER, orders)
    truth = [[customer, group.name] for customer, group in group_of.items()]
    write_csv(directory / "customers_truth.csv", ["customer_id", "true_group"], truth)
    kinds = [[product.product_id, product.kind.name] for product in products]
    write_csv(directory / "products_truth.csv", ["product_id", "true_kind"], kinds)
    found = table_of("customers", CUSTOMER_DIRT, len(customers))
    found += table_of("orders", (*ORDER_DIRT, lost), len(orders))
    page = (Path(__file__).parent / "readme_template.md").read_text(encoding="utf-8").format(
        seed=SEED, customers=len(customers), orders=len(orders), truth=len(truth), groups="\n".join(groups),
        products=len(products), kinds="\n".join(kinds_of(products, orders)),
        first=f"{FIRST_DAY:%Y-%m-%d}", last=f"{LAST_DAY:%Y-%m-%d}", findings="\n".join(found),
    )  # fmt: skip
    (directory / "README.md").write_text(page, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
