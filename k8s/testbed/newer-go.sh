# Sourced by the build scripts of the tools beside the test bed, in their directories: leaves $go at a Go that can build
# their modules. Debian's may be too old; then the test bed's build has fetched the right one.
go=$(command -v go || echo /usr/local/go/bin/go)
minor=$(cd / && "$go" env GOVERSION | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
if [ "${minor:-0}" -lt 21 ]; then
    newer=$(cd / && "$go" env GOMODCACHE)/golang.org/toolchain@v0.0.1-go$(sed -n 's/^go \([0-9.]*\)$/\1/p' ../go.mod)
    go=$newer.$(cd / && "$go" env GOOS)-$(cd / && "$go" env GOARCH)/bin/go
    [ -x "$go" ] || { echo "run k8s/testbed/build.sh first, which fetches a newer Go" >&2; exit 1; }
    unset GOROOT
fi
export GOTOOLCHAIN="${GOTOOLCHAIN:-auto}" CGO_ENABLED=0
