{{- define "abad.labels" -}}
app.kubernetes.io/name: abad
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "abad.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* f: how many nodes may be away. */}}
{{- define "abad.faulty" -}}
{{ div (sub (int .Values.nodes) 1) 3 }}
{{- end }}
