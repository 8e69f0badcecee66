"""Order files made at random in many dialects, with the values that a reader must find in them."""

from __future__ import annotations

import csv
import io
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DATES = {
    "iso": "%Y-%m-%d %H:%M:%S",
    "T": "%Y-%m-%dT%H:%M:%SZ",
    "us": "%m/%d/%Y %H:%M",
    "us12": "%m/%d/%Y %I:%M %p",
    "eu": "%d/%m/%Y %H:%M",
    "german": "%d.%m.%Y %H:%M",
    "compact": "%Y%m%d",
    "short": "%d-%m-%Y",
    "slashes": "%Y/%m/%d",
}
HEADERS = (
    ("order_id", "customer_id", "product_id", "ordered_at", "quantity", "unit_price"),
    ("InvoiceNo", "CustomerID", "StockCode", "InvoiceDate", "Quantity", "UnitPrice"),
    ("Order ID", "Customer ID", "Product ID", "Order Date", "Qty", "Price"),
    ("ORDER_ID ", " Customer", "sku", "Date", "QUANTITY", "Unit Price"),
    ("Bestellnummer", "Kundennummer", "Artikelnummer", "Datum", "Menge", "Einzelpreis"),
)


@dataclass
class MadeFile:
    """The bytes of a file, (order, moment, quantity, price) by number of the record, and its dialect."""

    content: bytes
    records: int
    truth: dict[int, tuple[str, datetime, float, float]]
    dialect: dict[str, object] = field(default_factory=dict)


def made_file(seed: int, most_lines: int = 2000) -> MadeFile:
    """One file. Some lines have too many or too few columns, a text in quotes or values that cannot be read."""
    dice = random.Random(seed)
    dialect = {
        "delimiter": dice.choice(",;\t|"),
        "encoding": dice.choice(["utf-8", "utf-8", "utf-8-sig", "cp1252", "utf-16"]),
        "line_end": dice.choice(["\n", "\r\n", "\r\n", "\r"]),
        "quoting": dice.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
        "date": dice.choice([*DATES, "named", "epoch"]),
        "decimal": dice.choice(".,"),
        "thousands": dice.random() < 0.4,
        "currency": dice.choice(["", "", "$", " EUR"]),
        "header": dice.choice(HEADERS),
        "extra": dice.random() < 0.5,
        "blank": dice.random() < 0.3,
        "last_line_end": dice.random() < 0.8,
    }
    lines = dice.choice([0, 1, 30, dice.randint(2, 200), dice.randint(2, most_lines)])
    if lines > 100_000:
        lines = 100_000
    out = io.StringIO()
    writer = csv.writer(
        out,
        delimiter=str(dialect["delimiter"]),
        quoting=dialect["quoting"],  # type: ignore[arg-type]
        lineterminator=str(dialect["line_end"]),
    )
    header = list(dialect["header"])  # type: ignore[call-overload]
    writer.writerow([*header, "Bemerkung"] if dialect["extra"] else header)
    truth: dict[int, tuple[str, datetime, float, float]] = {}
    for number in range(1, lines + 1):
        moment = datetime(2019, 1, 1) + timedelta(minutes=dice.randrange(3 * 365 * 24 * 60))
        quantity, price = dice.randint(1, 9), dice.randint(1, 400_000) / 100
        texts = [f"#{number}", f"Zoë {dice.randint(1, 50)}", f"P{dice.randint(1, 9)}"]
        texts += [_date(moment, str(dialect["date"])), str(quantity), _price(price, dialect)]
        if dialect["extra"]:
            texts.append(
                dice.choice(
                    [
                        "",
                        "x",
                        'a "quoted" word',
                        f"with{dialect['delimiter']}it",
                        f"two{dialect['line_end']}lines",
                    ]
                )
            )
        fate = dice.random()
        if fate < 0.01:
            texts += ["too", "many"]
        elif fate < 0.02:
            texts = texts[:4]
        elif fate < 0.03:
            texts[3] = "soon"
        else:
            truth[number] = (f"#{number}", _kept(moment, str(dialect["date"])), quantity, price)
        writer.writerow(texts)
        if dialect["blank"] and dice.random() < 0.05:
            out.write(str(dialect["line_end"]))
    text = out.getvalue()
    if not dialect["last_line_end"]:
        text = text.removesuffix(str(dialect["line_end"]))
    return MadeFile(text.encode(str(dialect["encoding"])), lines, truth, dialect)


def _date(moment: datetime, style: str) -> str:
    if style == "named":
        return f"{moment.day} {MONTHS[moment.month - 1]} {moment.year} {moment:%H:%M}"
    if style == "epoch":
        return str(round((moment - datetime(1970, 1, 1)).total_seconds()))
    return moment.strftime(DATES[style])


def _kept(moment: datetime, style: str) -> datetime:
    """What a style leaves of a moment."""
    if style in ("compact", "short", "slashes"):
        return datetime(moment.year, moment.month, moment.day)
    return moment


def _price(price: float, dialect: dict[str, object]) -> str:
    text = f"{price:,.2f}" if dialect["thousands"] else f"{price:.2f}"
    if dialect["decimal"] == ",":
        text = text.translate(str.maketrans(",.", ".,"))
    currency = str(dialect["currency"])
    return currency + text if currency == "$" else text + currency
