# Two images: `docker build --target web .` (no torch) and `docker build --target worker .`

FROM python:3.11-slim-bookworm AS base
ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    GANVAS_VAR=/var/lib/ganvas \
    GANVAS_STATIC=/srv/static
WORKDIR /srv/ganvas
RUN useradd --system --uid 10001 ganvas && install -d -m 700 -o ganvas -g ganvas /var/lib/ganvas
COPY requirements.txt requirements-samples.txt ./
RUN pip install -r requirements.txt && pip install --no-deps -r requirements-samples.txt

# Browser libraries and collected static files; npm stays in this stage.
FROM base AS static
COPY requirements-node.txt package.json package-lock.json .npmrc ./
RUN pip install -r requirements-node.txt
COPY scripts/vendor.py scripts/vendor.py
RUN python scripts/vendor.py
COPY . .
RUN GANVAS_VAR=/tmp/var python scripts/prepare.py static

FROM base AS web
COPY . .
COPY --from=static /srv/static /srv/static
USER ganvas
VOLUME /var/lib/ganvas
EXPOSE 8000
HEALTHCHECK --start-period=20s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/', timeout=4)"]
CMD ["uvicorn", "portal.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--timeout-graceful-shutdown", "3"]

FROM base AS worker
COPY requirements-train.txt ./
RUN pip install -r requirements.txt -r requirements-train.txt
COPY . .
USER ganvas
VOLUME /var/lib/ganvas
CMD ["celery", "-A", "worker.app", "worker", "--pool=threads", "--concurrency=1", "-Q", "train", "--loglevel=INFO"]
