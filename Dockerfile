# Both programs, static, and the jar for Spark, in an image that holds nothing else. Other images take them with one line:
#
#   COPY --from=rolechain /opt/rolechain /opt/rolechain
#
# As an init container it copies them into a volume for an image that has none of them, and as a sidecar it keeps the sessions, for
# which it has the public certificate authorities: examples/admission.
#
# It is cross-compiled, so no platform needs emulation, and it is reproducible: the same commit, arguments and images of Go and
# Maven give the same digest. Debian's certificate authorities come with Go's. images/docker-bake.hcl passes the arguments;
# images/README.md is the manual.

# Arguments, so that mirrors of these images will do.
ARG GO_IMAGE=golang:1.26.8-bookworm
ARG MAVEN_IMAGE=maven:3.9-eclipse-temurin-17

# The jar for buckets with a role of their own: hadoop/README.md.
FROM --platform=$BUILDPLATFORM ${MAVEN_IMAGE} AS jar
WORKDIR /src
COPY hadoop hadoop
ARG SOURCE_DATE_EPOCH=0
RUN --mount=type=cache,target=/root/.m2 \
    mvn --quiet --batch-mode --file hadoop/pom.xml package \
 && mkdir -p /out/opt/rolechain \
 && cp build/hadoop/rolechain-hadoop.jar /out/opt/rolechain/ \
 && chmod -R u=rwX,go=rX /out \
 && find /out -exec touch --no-dereference --date=@$SOURCE_DATE_EPOCH {} +

FROM --platform=$BUILDPLATFORM ${GO_IMAGE} AS build
# There is no repository in the build's context: COMMIT and VERSION say what it would have told.
ENV CGO_ENABLED=0 GOFLAGS="-trimpath -buildvcs=false" GOTOOLCHAIN=local
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG TARGETOS TARGETARCH
ARG VERSION=""
ARG COMMIT=""
# "v1.0.0" builds with that version of Go's FIPS 140-3 module.
ARG GOFIPS140=off
# Seconds since 1970 of the commit. Files carry it as well as the image, so that an image which copies them can be
# reproduced too.
ARG SOURCE_DATE_EPOCH=0
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    GOOS=$TARGETOS GOARCH=$TARGETARCH GOFIPS140=$GOFIPS140 go build -ldflags "-s -w -X main.builtVersion=$VERSION -X main.builtCommit=$COMMIT" \
        -o /out/opt/rolechain/ ./cmd/entrypoint ./cmd/rolechain \
 && cp LICENSE /out/opt/rolechain/ \
 && mkdir -p /out/etc/ssl/certs && cat /usr/share/ca-certificates/mozilla/*.crt >/out/etc/ssl/certs/ca-certificates.crt \
 && chmod -R u=rwX,go=rX /out \
 && find /out -exec touch --no-dereference --date=@$SOURCE_DATE_EPOCH {} +

# The bill of materials: every module that is linked, with versions and checksums, as SPDX.
#   docker buildx build --target sbom --output build/sbom .
FROM build AS bill
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    mkdir /bill && go run ./images/build/sbom -created $SOURCE_DATE_EPOCH /out/opt/rolechain/entrypoint /out/opt/rolechain/rolechain >/bill/rolechain.spdx.json

FROM scratch AS sbom
COPY --from=bill /bill /

FROM scratch AS rolechain
ARG VERSION=""
ARG COMMIT=""
LABEL org.opencontainers.image.title="rolechain" \
      org.opencontainers.image.description="Role-chaining ENTRYPOINT for Amazon EMR on EKS images" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$COMMIT"
COPY --from=build /out /
COPY --from=jar /out /
# Nobody, so that Kubernetes takes it for a container that is not root's (runAsNonRoot).
USER 65534:65534
ENTRYPOINT ["/opt/rolechain/rolechain"]
CMD ["install", "/rolechain"]
