// Command schemas makes JSON schemas for kubeconform of the Kubernetes kinds that
// the chart uses, from the OpenAPI document of a Kubernetes release:
//
//	go mod download k8s.io/kubernetes@v1.34.0
//	go run ./schemas "$(go env GOMODCACHE)/k8s.io/kubernetes@v1.34.0" ../../deploy/schemas
//
// The results are kept, so that a check needs no download of 40 MB. They are strict:
// a field that Kubernetes does not know is an error. Descriptions are left out.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
)

// kinds of the chart, by their definition, with the file that kubeconform asks for.
var kinds = map[string]string{
	"io.k8s.api.apps.v1.StatefulSet":           "statefulset-apps-v1.json",
	"io.k8s.api.core.v1.ConfigMap":             "configmap-v1.json",
	"io.k8s.api.core.v1.Service":               "service-v1.json",
	"io.k8s.api.core.v1.ServiceAccount":        "serviceaccount-v1.json",
	"io.k8s.api.networking.v1.NetworkPolicy":   "networkpolicy-networking-v1.json",
	"io.k8s.api.policy.v1.PodDisruptionBudget": "poddisruptionbudget-policy-v1.json",
}

type object = map[string]any

const prefix = "#/definitions/"

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: schemas KUBERNETES_SOURCE OUT")
	}
	data, err := os.ReadFile(filepath.Join(os.Args[1], "api/openapi-spec/swagger.json"))
	if err != nil {
		log.Fatal(err)
	}
	var document struct{ Definitions map[string]object }
	if err := json.Unmarshal(data, &document); err != nil {
		log.Fatal(err)
	}
	for name, file := range kinds {
		if document.Definitions[name] == nil {
			log.Fatalf("there is no %s", name)
		}
		reached := object{}
		reach(document.Definitions, name, reached)
		out, err := json.Marshal(object{"$schema": "http://json-schema.org/draft-07/schema#", "$ref": prefix + name, "definitions": reached})
		if err != nil {
			log.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(os.Args[2], file), append(out, '\n'), 0o644); err != nil {
			log.Fatal(err)
		}
		fmt.Println(file, len(reached), "definitions", len(out), "bytes")
	}
}

// reach collects a definition and all that it refers to.
func reach(all map[string]object, name string, reached object) {
	if reached[name] != nil {
		return
	}
	switch name {
	case "io.k8s.apimachinery.pkg.util.intstr.IntOrString", "io.k8s.apimachinery.pkg.api.resource.Quantity":
		reached[name] = object{"type": []string{"string", "number"}} // OpenAPI 2 cannot say so
		return
	}
	d := all[name]
	reached[name] = d
	strict(d)
	walk(d, func(o object) {
		if ref, ok := o["$ref"].(string); ok {
			reach(all, strings.TrimPrefix(ref, prefix), reached)
		}
	})
}

// strict refuses fields that are not listed, and drops what no check needs.
func strict(d object) {
	walk(d, func(o object) {
		if _, ok := o["description"].(string); ok {
			delete(o, "description")
		}
		for key := range o {
			if strings.HasPrefix(key, "x-kubernetes") {
				delete(o, key)
			}
		}
	})
	if _, ok := d["properties"]; ok && d["additionalProperties"] == nil {
		d["additionalProperties"] = false
	}
}

func walk(v any, visit func(object)) {
	switch v := v.(type) {
	case object:
		visit(v)
		for _, child := range v {
			walk(child, visit)
		}
	case []any:
		for _, child := range v {
			walk(child, visit)
		}
	}
}
