#!/bin/sh
# Builds the testbed binary if this version of it does not exist yet. The last line of the output is its path.
# Progress goes to standard error. Environment: PARTITA_CACHE is where binaries are kept (default ~/.cache/partita).
set -eu

cd "$(dirname "$0")"
cache=${PARTITA_CACHE:-$HOME/.cache/partita}

say() { echo "testbed: $*" >&2; }
fail() { say "ERROR: $*"; exit 1; }

hash_of_sources() {
    # Names and contents; the order must not depend on the locale.
    find . \( -name '*.go' -o -name go.mod -o -name go.sum -o -name 'nodes.yaml' \) ! -name '*_test.go' -type f |
        LC_ALL=C sort | while read -r file; do echo "$file"; cat "$file"; done | sha256sum | cut -c1-12
}

kubernetes=$(sed -n 's|^[[:space:]]*k8s.io/kubernetes \(v[0-9.]*\).*|\1|p' go.mod)
binary=$cache/testbed-$kubernetes-$(hash_of_sources)
if [ -x "$binary" ]; then
    say "Kubernetes $kubernetes is built already"
    echo "$binary"
    exit 0
fi

how_to_get_go="Install Go 1.25 or later, or any Go from 1.21 on, which then fetches the right one by itself
  through the Go module proxy (GOTOOLCHAIN=auto is its default):
    Debian 13 or later, Ubuntu 24.04 or later:  apt-get install golang-go
    Debian 12, whose own Go 1.19 is too old:    apt-get install -t bookworm-backports golang-go
    macOS:                                      not supported, see README.md
    anything else:                              https://go.dev/dl/"
go=$(command -v go || true)
for candidate in /usr/local/go/bin/go /usr/lib/go/bin/go /snap/bin/go; do
    [ -n "$go" ] || { [ ! -x "$candidate" ] || go=$candidate; }
done
[ -n "$go" ] || fail "there is no Go. $how_to_get_go"
# "go env" does not read go.mod before 1.21, so it answers even when that Go cannot build us.
minor=$(cd / && "$go" env GOVERSION | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
[ "${minor:-0}" -ge 21 ] || fail "$go is Go 1.${minor:-?}. $how_to_get_go"

say "building etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kubectl $kubernetes from source"
say "  with $go ($(cd / && "$go" env GOVERSION)) into $binary"
say "  the first time this downloads about 180 MB of Go modules and compiles about 1,500 packages: 5 to 20 minutes"
say "  on two cores. Later builds take half a minute, because Go keeps what it compiled in $("$go" env GOCACHE)"

mkdir -p "$cache"
started=$(date +%s)
say "downloading modules"
"$go" mod download >&2 || fail "the modules could not be downloaded from $("$go" env GOPROXY)"
# A sign of life every half a minute, with the number of packages compiled so far.
total=$(CGO_ENABLED=0 "$go" list -deps . | wc -l)
progress=$(mktemp)
(
    while sleep 30; do
        say "  $(($(date +%s) - started)) s: $(wc -l <"$progress") packages compiled, the others of $total may be known already"
    done
) &
ticker=$!
trap 'kill "$ticker" 2>/dev/null || true; rm -f "$progress" "$binary.building.$$"' EXIT
trap 'exit 130' INT TERM

package=k8s.io/component-base/version
stamp="-X $package.gitVersion=$kubernetes -X $package.gitMajor=1 -X $package.gitMinor=$(echo "$kubernetes" | cut -d. -f2)
-X k8s.io/client-go/pkg/version.gitVersion=$kubernetes"
# -v prints the name of each package as it is compiled.
if ! CGO_ENABLED=0 "$go" build -v -buildvcs=false -ldflags "-s -w $(echo "$stamp" | tr '\n' ' ')" \
    -o "$binary.building.$$" . 2>"$progress"; then
    tail -n 40 "$progress" >&2
    fail "the build failed"
fi
# One step, so that two builds at once do not disturb each other.
mv "$binary.building.$$" "$binary"
say "built in $(($(date +%s) - started)) s, $(($(stat -c %s "$binary") / 1000000)) MB"
echo "$binary"
