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
    find . \( -path ./helm -o -path ./registry -o -path ./schemas \) -prune -o \( -name '*.go' -o -name go.mod -o -name go.sum -o -name 'nodes.yaml' \) ! -name '*_test.go' -type f -print |
        LC_ALL=C sort | while read -r file; do echo "$file"; cat "$file"; done | sha256sum | cut -c1-12
}

kubernetes=$(sed -n 's|^[[:space:]]*k8s.io/kubernetes \(v[0-9.]*\).*|\1|p' go.mod)
binary=$cache/testbed-$kubernetes-$(hash_of_sources)
if [ -x "$binary" ]; then
    say "Kubernetes $kubernetes is built already"
    echo "$binary"
    exit 0
fi

go_minor() {
    # Outside the module, because a newer "go" line in go.mod would make an old Go stop or fetch another one.
    (cd / && "$1" env GOVERSION | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
}

# A Go before 1.21 cannot switch to the Go that go.mod asks for, but it can download that one, which is a module too,
# checked against the checksum database. What a newer Go does afterwards is done here: permissions, and one file name.
fetch_newer_go() {
    version=$(sed -n 's/^go \([0-9.]*\)$/\1/p' go.mod)
    module=golang.org/toolchain@v0.0.1-go$version.$(cd / && "$1" env GOOS)-$(cd / && "$1" env GOARCH)
    say "$1 is too old; fetching Go $version through the module proxy"
    (cd / && "$1" mod download "$module") >&2 || return 1
    root=$(cd / && "$1" env GOMODCACHE)/$module
    chmod +x "$root"/bin/* "$root"/pkg/tool/*/*
    if [ ! -f "$root/src/go.mod" ]; then
        chmod u+w "$root/src"
        cp "$root/src/_go.mod" "$root/src/go.mod"
    fi
    go=$root/bin/go
    unset GOROOT
}

how_to_get_go="Install any Go from 1.19 on; a too old one fetches the right one through the Go module proxy:
    Debian, Ubuntu:  apt-get install golang-go
    anything else:   https://go.dev/dl/"
go=$(command -v go || true)
for candidate in /usr/local/go/bin/go /usr/lib/go/bin/go /snap/bin/go; do
    [ -n "$go" ] || { [ ! -x "$candidate" ] || go=$candidate; }
done
[ -n "$go" ] || fail "there is no Go. $how_to_get_go"
minor=$(go_minor "$go")
[ "${minor:-0}" -ge 19 ] || fail "$go is Go 1.${minor:-?}. $how_to_get_go"
[ "$minor" -ge 21 ] || fetch_newer_go "$go" || fail "that did not work. $how_to_get_go"
# From 1.21 on Go fetches the version that go.mod asks for, unless a distribution switched that off.
export GOTOOLCHAIN="${GOTOOLCHAIN:-auto}"

say "building etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kubectl $kubernetes from source"
say "  with $go ($(cd / && "$go" env GOVERSION)) into $binary"
say "  the first time this downloads about 100 MB of Go modules and compiles 2,700 packages: 5 to 20 minutes"
say "  on two cores. Later builds take half a minute, because Go keeps what it compiled in $("$go" env GOCACHE)"

mkdir -p "$cache"
started=$(date +%s)
say "downloading modules"
packages=$(CGO_ENABLED=0 "$go" list -deps . | wc -l)
[ "$packages" -gt 0 ] || fail "the modules could not be downloaded from $("$go" env GOPROXY)"
# A sign of life every half a minute. The output of sleep is cut off, else it would keep a pipe behind us open.
progress=$(mktemp)
(
    trap 'kill "$!" 2>/dev/null; exit' TERM
    while :; do
        sleep 30 >/dev/null 2>&1 &
        wait "$!"
        say "  $(($(date +%s) - started)) s: $(wc -l <"$progress") of at most $packages packages compiled"
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
