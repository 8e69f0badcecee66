"""Order files as well-known shops write them, made from the same lines, and what pandas computes of these."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd

PRODUCTS = (
    "WHITE HANGING HEART T-LIGHT HOLDER",
    'HAND WARMER "UNION JACK"',
    "PAPER CRAFT , LITTLE BIRDIE",
    "JAM JAR, £5",
)


def order_lines(lines: int, seed: int = 0) -> pd.DataFrame:
    """Orders of one to eight lines, with returns and repeated lines."""
    rng = np.random.default_rng(seed)
    order = np.repeat(np.arange(lines), rng.integers(1, 9, lines))[:lines]
    customers = max(lines // 40, 3)
    customer = 12346 + rng.integers(0, customers, order.max() + 1)[order] ** 2 % (customers * 3)
    minute = np.sort(rng.integers(0, 373 * 24 * 60, order.max() + 1))[order]
    product = rng.integers(0, 400, lines)
    frame = pd.DataFrame(
        {
            "customer": customer.astype(str),
            "order": (536365 + order).astype(str),
            "product": np.char.add((22000 + product).astype(str), np.array(["", "A", "B"])[product % 3]),
            "description": np.array(PRODUCTS)[product % 4],
            "time": pd.Timestamp("2010-12-01 08:26") + pd.to_timedelta(minute, unit="min"),
            "quantity": rng.integers(1, 48, lines),
            "price": np.round(rng.gamma(2.0, 2.0, lines) + 0.2, 2),
        }
    )
    is_return = (rng.random(order.max() + 1) < 0.03)[order]
    frame.loc[is_return, "quantity"] *= -1
    frame.loc[is_return, "order"] = "C" + frame["order"][is_return]
    frame.loc[rng.random(lines) < 0.002, "customer"] = ""
    again = rng.random(lines) < 0.005
    frame[again] = frame.shift(1)[again]
    return frame.dropna().astype({"quantity": int}).reset_index(drop=True)


def features(lines: pd.DataFrame, *, numbered: bool = False) -> dict[str, tuple[float | None, int, float]]:
    """Customer -> recency in days, orders, revenue, by pandas. numbered : the file numbers its lines."""
    as_of = lines["time"].max().normalize()
    kept = lines[lines["customer"] != ""]
    kept = kept if numbered else kept.drop_duplicates()
    kept = kept.assign(revenue=(kept["quantity"] * kept["price"]).round(2))
    bought = kept[kept["quantity"] > 0]
    last = (as_of - bought.groupby("customer")["time"].max().dt.normalize()).dt.days
    table = pd.DataFrame(
        {
            "recency": last,
            "orders": bought.groupby("customer")["order"].nunique(),
            "revenue": kept.groupby("customer")["revenue"].sum(),
        }
    )
    return {
        str(customer): (None if np.isnan(recency) else recency, int(orders), round(revenue, 2))
        for customer, recency, orders, revenue in table.fillna({"orders": 0}).itertuples()
    }


def _csv(frame: pd.DataFrame, encoding: str, **options: str) -> bytes:
    text = io.StringIO()
    frame.to_csv(text, index=False, lineterminator="\r\n", **options)  # type: ignore[call-overload]
    return text.getvalue().encode(encoding)


def _american(time: pd.Series[pd.Timestamp]) -> pd.Series[str]:
    return time.dt.month.astype(str) + "/" + time.dt.day.astype(str) + "/" + time.dt.year.astype(str)


def online_retail(lines: pd.DataFrame) -> bytes:
    """UCI's Online Retail: times such as 12/1/2010 8:26, cancelled invoices as C and digits, Latin-1."""
    time = (
        _american(lines["time"]) + " " + lines["time"].dt.hour.astype(str) + lines["time"].dt.strftime(":%M")
    )
    columns = {
        "InvoiceNo": lines["order"],
        "StockCode": lines["product"],
        "Description": lines["description"],
        "Quantity": lines["quantity"],
        "InvoiceDate": time,
        "UnitPrice": lines["price"],
        "CustomerID": lines["customer"],
        "Country": "United Kingdom",
    }
    return _csv(pd.DataFrame(columns), "latin-1")


def superstore(lines: pd.DataFrame) -> bytes:
    """Superstore: the money of a line as Sales, days only, 21 columns."""
    columns = {
        "Row ID": range(1, len(lines) + 1),
        "Order ID": "CA-" + lines["order"],
        "Order Date": _american(lines["time"]),
        "Ship Date": _american(lines["time"] + pd.Timedelta(days=4)),
        "Ship Mode": "Second Class",
        "Customer ID": lines["customer"],
        "Customer Name": "Claire Gute",
        "Segment": "Consumer",
        "Country": "United States",
        "City": "Henderson",
        "State": "Kentucky",
        "Postal Code": 42420,
        "Region": "South",
        "Product ID": "FUR-" + lines["product"],
        "Category": "Furniture",
        "Sub-Category": "Bookcases",
        "Product Name": lines["description"],
        "Sales": (lines["quantity"] * lines["price"]).round(4),
        "Quantity": lines["quantity"],
        "Discount": 0.2,
        "Profit": 41.9136,
    }
    return _csv(pd.DataFrame(columns), "cp1252")


def olist(lines: pd.DataFrame) -> bytes:
    """Olist's orders and items joined: one line per unit, ISO times."""
    columns = {
        "order_id": lines["order"],
        "customer_unique_id": lines["customer"],
        "order_purchase_timestamp": lines["time"],
        "product_id": lines["product"],
        "price": (lines["quantity"] * lines["price"]).round(2),
        "freight_value": 8.72,
    }
    return _csv(pd.DataFrame(columns), "utf-8")


def german_excel(lines: pd.DataFrame) -> bytes:
    """A German Excel's CSV: semicolons, decimal commas, 01.12.2010 08:26, Windows-1252 with euro signs."""
    price = [f"{price:,.2f} €".translate(str.maketrans(",.", ".,")) for price in lines["price"]]
    columns = {
        "Bestellnummer": lines["order"],
        "Kundennummer": lines["customer"],
        "Artikelnummer": lines["product"],
        "Bezeichnung": lines["description"],
        "Datum": lines["time"].dt.strftime("%d.%m.%Y %H:%M"),
        "Menge": lines["quantity"],
        "Einzelpreis": price,
    }
    return _csv(pd.DataFrame(columns), "cp1252", sep=";")
