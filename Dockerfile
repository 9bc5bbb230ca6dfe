# Builds the program, then leaves behind everything that only building needs.
FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
COPY scripts ./scripts
RUN npm ci
COPY tsconfig.json ./
COPY src ./src
RUN npm run build
RUN npm prune --omit=dev
# The final stage runs nothing; the folder to write into is made here.
RUN mkdir data

FROM node:24-bookworm-slim
ENV NODE_ENV=production HTTP_PORT=8080
WORKDIR /app
COPY --from=build /build/node_modules ./node_modules
COPY --from=build /build/dist ./dist
COPY --from=build --chown=node:node /build/data ./data
COPY package.json app-manifest.json LICENSE ./
USER node
# Runs, chunks and what was confirmed: lose it and interrupted runs cannot go on.
VOLUME ["/app/data"]
# Mount the definitions at /app/syncs, read-only is enough.
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.HTTP_PORT + '/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Exec form: signals reach the program itself, so that docker stop lets writes in flight end.
ENTRYPOINT ["node", "dist/main.js"]
CMD ["start"]
