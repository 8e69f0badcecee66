"""The published segments as a page: `segjob snapshot DIR`, then `streamlit run streamlit_app.py -- DIR/FILE`.

The file may also be named by the environment variable SEGJOB_SNAPSHOT. Every view of the page opens it anew and closes
it again, so it always shows the newest run and is never in anybody's way.
"""

from __future__ import annotations

import os
import sys

import duckdb
import pandas as pd
import streamlit as st

FILE = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("SEGJOB_SNAPSHOT", "warehouse.duckdb")
SCHEMA = os.environ.get("SEGJOB_SCHEMA", "segments")


def quoted(name: str) -> str:
    """A name of any characters, for SQL."""
    return '"' + name.replace('"', '""') + '"'


def show_run(run: pd.Series) -> None:
    """What was run, and how sure one can be of it."""
    size, number, quality, day = st.columns(4)
    size.metric("Customers", f"{run.rows_segmented:,}")
    number.metric("Segments", int(run.k))
    quality.metric("Silhouette", "-" if pd.isna(run.silhouette) else f"{run.silhouette:.2f}")
    day.metric("Published", f"{run.published_at:%d %b %Y %H:%M}", help="UTC")
    st.caption(f"Run {run.run_id}. {run.rows_excluded:,} customers are left out.")


def show_segments(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """The segments side by side, and the customers of one of them."""
    view = f"{quoted(SCHEMA)}.{quoted(name)}"
    profile = connection.sql(f"from {quoted(SCHEMA)}.{quoted(name + '_profile')} order by segment_id").df()
    st.subheader("What the segments look like")
    st.dataframe(
        profile, hide_index=True, column_config={"share": st.column_config.NumberColumn(format="percent")}
    )
    # The number goes first: a long name is cut in a chart, and what is left of two may be the same.
    profile["segment"] = profile["segment_id"].astype(str) + " · " + profile["name"]
    st.bar_chart(profile, x="segment", y="rows", x_label="", y_label="customers", horizontal=True, sort=False)
    chosen = st.selectbox("Customers of segment", profile["name"])
    customers = connection.execute(
        f"from {view} where segment_name = ? order by margin desc limit 1000", [chosen]
    ).df()
    st.dataframe(customers, hide_index=True)
    st.download_button("The first 1,000 as CSV", customers.to_csv(index=False), "customers.csv", "text/csv")


def show_history(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Sizes over the runs; nothing where there is one run only."""
    sizes = connection.execute(
        f"select distinct run_id, segment_id, segment_rows from {quoted(SCHEMA)}.trend where segmentation = ?",
        [name],
    ).df()
    if sizes["run_id"].nunique() > 1:
        st.subheader("Sizes over the runs")
        wide = sizes.pivot_table(index="run_id", columns="segment_id", values="segment_rows")
        st.line_chart(wide, x_label="run", y_label="customers")


st.set_page_config(page_title="Segments", layout="wide")
st.title("Segments")
try:
    with duckdb.connect(FILE, read_only=True) as warehouse:
        runs = warehouse.sql(f"from {quoted(SCHEMA)}.current_runs order by segmentation").df()
        picked = st.selectbox("Segmentation", runs["segmentation"])
        show_run(runs[runs["segmentation"] == picked].iloc[0])
        show_segments(warehouse, picked)
        show_history(warehouse, picked)
except (duckdb.IOException, duckdb.CatalogException) as error:
    st.error(f"{FILE} cannot be read: {error}. Write it with `segjob snapshot`.")
