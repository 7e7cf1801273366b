# Asterisk 22 from Debian's sid: no other Debian suite has it. The configuration is not in the image;
# the gateway puts it into the shared volume, with secrets made at its first start.
FROM debian:sid-slim

RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends asterisk \
    && rm -rf /var/lib/apt/lists/*

COPY docker/start-asterisk /usr/local/bin/

# The same number in both images: they share the volume. No port below 1024, so no root.
RUN useradd --uid 10000 --home-dir /app --no-create-home --shell /usr/sbin/nologin hotline \
    && install -d -o hotline -g hotline /app/var
USER hotline
WORKDIR /app
VOLUME /app/var

STOPSIGNAL SIGTERM
CMD ["start-asterisk"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD asterisk -C "$ASTERISK_CONF" -rx "core waitfullybooted" | grep -q fully
ENV ASTERISK_CONF=/app/var/asterisk/etc/asterisk.conf
