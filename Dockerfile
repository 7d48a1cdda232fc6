# One image for every role. By default it runs the whole service, with the embedded database in the volume /data. With
# DATABASE_URL (and KAFKA_BROKERS) it runs any role of a larger installation: see docs/how-to/container.md.
# Node comes from package-lock.json, with its hash, like every other npm package: the same version that the tests use.
# The base images are arguments, so that a build can pin them by digest or use another registry.
ARG NODE=node:24-bookworm-slim
ARG DEBIAN=debian:bookworm-slim

FROM ${NODE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run --silent build

FROM ${NODE} AS modules
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Node's headers and manuals are two fifths of its package.
RUN npm ci --ignore-scripts --omit=dev && rm -rf node_modules/node-linux-*/include node_modules/node-linux-*/share

FROM ${DEBIAN}
# As process 1, tini forwards signals and reaps orphaned processes of the embedded database.
# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install --yes --no-install-recommends tini \
  && rm -rf /var/lib/apt/lists/* \
  # PostgreSQL requires an account with a name.
  && groupadd --gid 10001 market-data \
  && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin market-data \
  && install --directory --owner=market-data --group=market-data --mode=0750 /data
WORKDIR /app
# Owned by root: the service cannot change its own code.
COPY --from=modules /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENSE ./
COPY bin bin
ENV PATH=/app/bin:/app/node_modules/.bin:$PATH HOST=0.0.0.0 PORT=8000 DATA_DIR=/data
USER 10001:10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/readyz').then(({ ok }) => process.exit(ok ? 0 : 1))"]
ENTRYPOINT ["tini", "--", "market-data"]
CMD ["serve"]
