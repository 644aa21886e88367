#!/bin/sh
# Builds the CNCF registry if this version of it does not exist yet. The last line of the output is its path.
# Progress goes to standard error. Environment: PARTITA_CACHE is where binaries are kept (default ~/.cache/partita).
set -eu

cd "$(dirname "$0")"
cache=${PARTITA_CACHE:-$HOME/.cache/partita}
version=$(sed -n 's|^require github.com/distribution/distribution/v3 \(v[0-9.]*\).*|\1|p' go.mod)
binary=$cache/registry-$version-$(cat main.go go.mod go.sum | sha256sum | cut -c1-12)
if [ ! -x "$binary" ]; then
    . ../newer-go.sh
    echo "registry: building the CNCF registry $version with $go: 1 to 3 minutes on two cores" >&2
    mkdir -p "$cache"
    "$go" build -buildvcs=false -ldflags "-s -w" -o "$binary.building.$$" . >&2
    mv "$binary.building.$$" "$binary"
fi
echo "$binary"
