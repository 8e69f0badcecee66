# The two commands of the README in a container:
#
#   docker build --tag segjob .
#   docker run --rm --volume "$PWD/out:/out" segjob
#
# The warehouse and the report are in out/ afterwards. Continuous integration does not build it.
FROM python:3.11-slim

RUN apt-get update && apt-get install --yes --no-install-recommends make && rm -rf /var/lib/apt/lists/*
WORKDIR /segjob
COPY . .
RUN make data && python -m pip install --no-cache-dir --constraint constraints.txt --editable '.[dbt]'
ENV SEGJOB_WAREHOUSE=/out/warehouse.duckdb
VOLUME /out
CMD ["sh", "-c", "dbt run && segjob run && segjob report --segmentation income_spending --out /out/report.html"]
