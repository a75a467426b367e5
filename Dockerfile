# One static file and nothing else. docker build -t abad .
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -buildid=" -o /abad ./cmd/abad && mkdir -m 700 /home-dir

FROM scratch
COPY --from=build /abad /abad
# An empty volume takes owner and mode from here, so that the user below may write.
COPY --from=build --chown=65532:65532 /home-dir /var/lib/abad
USER 65532:65532
ENV ABAD_HOME=/var/lib/abad
VOLUME /var/lib/abad
EXPOSE 7400/udp
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s CMD ["/abad", "status", "--json"]
ENTRYPOINT ["/abad"]
CMD ["start"]
