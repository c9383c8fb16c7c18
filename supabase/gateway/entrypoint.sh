#!/bin/sh
# Envoy reads no environment: what differs between installations is put into its configuration here.
set -eu

for name in ANON_KEY SERVICE_ROLE_KEY PORTAL_URL; do
  eval "value=\${$name:-}"
  if [ -z "$value" ]; then
    echo "gateway: $name is not set" >&2
    exit 1
  fi
done
case "$PORTAL_URL" in
  *[!A-Za-z0-9:/.-]*) echo "gateway: PORTAL_URL has a character that an origin has not" >&2; exit 1 ;;
esac
hops="${GATEWAY_TRUSTED_HOPS:-1}"
case "$hops" in
  *[!0-9]* | '') echo "gateway: GATEWAY_TRUSTED_HOPS is a number" >&2; exit 1 ;;
esac

sed -e "s|@PORTAL_URL@|$PORTAL_URL|g" -e "s|@TRUSTED_HOPS@|$hops|g" \
  /etc/envoy/envoy.template.yaml >/tmp/envoy.yaml
exec envoy --config-path /tmp/envoy.yaml --disable-hot-restart --log-level "${GATEWAY_LOG_LEVEL:-warning}" "$@"
