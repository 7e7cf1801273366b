# The gateway on Debian's Python 3.11, packages by version and hash from requirements.txt.
# The browser phone's npm parts are bundled in a stage of their own.
FROM debian:bookworm-slim AS base

RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
        ca-certificates python3 python3-venv tzdata \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY requirements.txt ./
RUN python3 -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt

FROM base AS browser
COPY package.json package-lock.json ./
COPY gateway gateway
RUN XDG_CACHE_HOME=/opt/cache /opt/venv/bin/python -m gateway.setup.browser_parts \
    && rm -rf /opt/cache/hotline-gateway/node-*

FROM base
COPY --from=browser /opt/cache /opt/cache
COPY package-lock.json ./
COPY gateway gateway
COPY asterisk_conf asterisk_conf
COPY ivr_flows ivr_flows
COPY rules rules
COPY gateway.toml ./
RUN printf '#!/bin/sh\nexec /opt/venv/bin/python -m gateway "$@"\n' >/usr/local/bin/gateway \
    && chmod 755 /usr/local/bin/gateway

# The same number in both images: they share the volume.
RUN useradd --uid 10000 --home-dir /app --no-create-home --shell /usr/sbin/nologin hotline \
    && install -d -o hotline -g hotline /app/var
USER hotline
VOLUME /app/var

ENV XDG_CACHE_HOME=/opt/cache PYTHONUNBUFFERED=1 GATEWAY_ASTERISK_MANAGE=false
STOPSIGNAL SIGTERM
ENTRYPOINT ["gateway"]
CMD ["run"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["/opt/venv/bin/python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ.get('GATEWAY_WEB_PORT', '8315') + '/healthz', timeout=4)"]
