{{/* Name of the operator's objects. */}}
{{- define "partita.operator" -}}
{{ printf "%s-operator" .Release.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "partita.operator.selector" -}}
app.kubernetes.io/name: partita-operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "partita.operator.labels" -}}
{{ include "partita.operator.selector" . }}
app.kubernetes.io/component: operator
app.kubernetes.io/part-of: partita
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end }}

{{/* Labels of what belongs to neither the operator nor a node. */}}
{{- define "partita.labels" -}}
app.kubernetes.io/name: partita
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/part-of: partita
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end }}

{{/* What selects the node pods of every Site. */}}
{{- define "partita.node.selector" -}}
app.kubernetes.io/name: partita
app.kubernetes.io/component: node
{{- end }}

{{/* Image reference. Arguments: root, image */}}
{{- define "partita.image" -}}
{{- $repository := .image.repository }}
{{- if .root.Values.image.registry }}
{{- $repository = printf "%s/%s" (trimSuffix "/" .root.Values.image.registry) $repository }}
{{- end }}
{{- if .image.digest }}
{{- printf "%s@%s" $repository .image.digest }}
{{- else }}
{{- printf "%s:%s" $repository (.image.tag | default .root.Chart.AppVersion) }}
{{- end }}
{{- end }}

{{- define "partita.priorityClass" -}}
{{ printf "%s-database" .Release.Name }}
{{- end }}

{{- define "partita.operator.user" -}}
{{ printf "system:serviceaccount:%s:%s" .Release.Namespace (include "partita.operator" .) }}
{{- end }}

{{/* The namespaces that are known to hold nodes, as a JSON list under "list". */}}
{{- define "partita.nodeNamespaces" -}}
{{- $namespaces := .Values.watchNamespaces }}
{{- range .Values.sites }}
{{- $namespaces = append $namespaces (.namespace | default $.Release.Namespace) }}
{{- end }}
{{- dict "list" ($namespaces | uniq | sortAlpha) | toJson }}
{{- end }}

{{/* The operator's rights in a namespace that it serves. */}}
{{- define "partita.operator.rules" -}}
# What people declare. Partitions and indexes are also made and deleted for clients of SQL and HTTP, and carry a
# finalizer; a Site is only read, but for the finalizer of one in another cluster.
- apiGroups: [partita.dev]
  resources: [sites]
  verbs: [get, list, watch, patch]
- apiGroups: [partita.dev]
  resources: [partitions, indexes]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [partita.dev]
  resources: [sites/status, partitions/status, indexes/status]
  verbs: [patch]
# Owner references that block deletion.
- apiGroups: [partita.dev]
  resources: [sites/finalizers, partitions/finalizers]
  verbs: [update]
# What a Site becomes.
- apiGroups: [""]
  resources: [configmaps, services]
  verbs: [get, list, watch, create, patch]
# The certificate authority, the certificates that it issues, the first administrator. Read by name, never listed.
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, create, update]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch, create, patch]
# Deleted, without its pods, to enlarge the immutable claim template.
- apiGroups: [apps]
  resources: [statefulsets]
  verbs: [get, list, watch, create, patch, delete]
# Restarted one at a time.
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch, delete]
# Enlarged, marked while a replica on them votes, and deleted once the cluster has confirmed that they are empty.
- apiGroups: [""]
  resources: [persistentvolumeclaims]
  verbs: [get, list, watch, patch, delete]
- apiGroups: [""]
  resources: [events]
  verbs: [create]
{{- end }}
