package dev.partita.chart;

/// Commands that make what the operator did not make, in its namespace.
final class Foreign {
  private static final String APPLY =
      """
      kubectl apply --namespace partita-system -f - <<'EOF'
      """;

  /// A StatefulSet without pods.
  static final String STATEFUL_SET =
      APPLY
          + """
          apiVersion: apps/v1
          kind: StatefulSet
          metadata: {name: theirs}
          spec:
            serviceName: theirs
            replicas: 0
            selector: {matchLabels: {app: theirs}}
            template:
              metadata: {labels: {app: theirs}}
              spec: {containers: [{name: one, image: theirs}]}
          EOF
          """;

  /// A Site that the operator leaves alone, and a claim of it, on a volume that never grows, so
  /// that the claim may be asked to shrink again.
  static final String PAUSED_SITE_WITH_A_CLAIM =
      APPLY
          + """
          apiVersion: storage.k8s.io/v1
          kind: StorageClass
          metadata: {name: never}
          provisioner: partita.dev/never
          allowVolumeExpansion: true
          ---
          apiVersion: v1
          kind: PersistentVolume
          metadata: {name: still}
          spec:
            storageClassName: never
            capacity: {storage: 1Gi}
            accessModes: [ReadWriteOnce]
            persistentVolumeReclaimPolicy: Retain
            claimRef: {namespace: partita-system, name: still}
            hostPath: {path: /var/empty}
          ---
          apiVersion: partita.dev/v1alpha1
          kind: Site
          metadata: {name: still}
          spec: {nodes: 1, storage: {size: 1Gi}, paused: true}
          ---
          apiVersion: v1
          kind: PersistentVolumeClaim
          metadata: {name: still, labels: {partita.dev/site: still}}
          spec:
            storageClassName: never
            volumeName: still
            accessModes: [ReadWriteOnce]
            resources: {requests: {storage: 1Gi}}
          EOF
          """;

  private Foreign() {}
}
