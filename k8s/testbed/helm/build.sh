#!/bin/sh
# Builds the real helm if this version of it does not exist yet. The last line of the output is its path.
# Progress goes to standard error. Environment: PARTITA_CACHE is where binaries are kept (default ~/.cache/partita).
set -eu

cd "$(dirname "$0")"
cache=${PARTITA_CACHE:-$HOME/.cache/partita}
version=$(sed -n 's|^[[:space:]]*helm.sh/helm/v3 \(v[0-9.]*\).*|\1|p' go.mod)
binary=$cache/helm-$version-$(cat go.mod go.sum | sha256sum | cut -c1-12)
if [ ! -x "$binary" ]; then
    . ../newer-go.sh
    echo "helm: building helm $version with $go: 1 to 5 minutes on two cores" >&2
    mkdir -p "$cache"
    kubernetes=$(sed -n 's|^[[:space:]]*k8s.io/client-go v0\.\([0-9]*\)\..*|\1|p' go.mod)
    libraries=helm.sh/helm/v3
    "$go" build -buildvcs=false -ldflags "-s -w
        -X $libraries/internal/version.version=$version
        -X $libraries/pkg/chartutil.k8sVersionMajor=1 -X $libraries/pkg/chartutil.k8sVersionMinor=$kubernetes
        -X $libraries/pkg/lint/rules.k8sVersionMajor=1 -X $libraries/pkg/lint/rules.k8sVersionMinor=$kubernetes" \
        -o "$binary.building.$$" helm.sh/helm/v3/cmd/helm >&2
    mv "$binary.building.$$" "$binary"
fi
echo "$binary"
