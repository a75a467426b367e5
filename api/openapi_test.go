package api_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"

	"abad/api"
)

const specFile = "openapi.json"

type object = map[string]any

func readSpec(t testing.TB) object {
	t.Helper()
	data, err := os.ReadFile(specFile)
	if err != nil {
		t.Fatal(err)
	}
	var spec object
	if err := json.Unmarshal(data, &spec); err != nil {
		t.Fatalf("%s: %v", specFile, err)
	}
	return spec
}

// load gives a validator of the description.
func load(t testing.TB, spec object) validator.Validator {
	t.Helper()
	data, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := libopenapi.NewDocument(data)
	if err != nil {
		t.Fatal(err)
	}
	v, errs := validator.NewValidator(doc, config.WithoutSecurityValidation())
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return v
}

// full is a server with everything that a real node has.
func full(t testing.TB) *api.Server {
	t.Helper()
	s, err := api.New(fullConfig(single(t)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestDescriptionIsOpenAPI(t *testing.T) {
	if ok, errs := load(t, readSpec(t)).ValidateDocument(); !ok {
		for _, err := range errs {
			t.Errorf("%s: %s: %s", specFile, err.Message, err.Reason)
			for _, e := range err.SchemaValidationErrors {
				t.Errorf("  %s: %s", e.KeywordLocation, e.Reason)
			}
		}
	}
}

// templated is a path of the mux as OpenAPI has it.
var templated = strings.NewReplacer("...}", "}")

// Every method of every path is described, with the role that it needs, and nothing
// else is.
func TestDescriptionHasAllPaths(t *testing.T) {
	described := map[string]object{}
	for path, item := range readSpec(t)["paths"].(object) {
		for method, operation := range item.(object) {
			described[strings.ToUpper(method)+" "+path] = operation.(object)
		}
	}
	for path, methods := range full(t).Paths() {
		for _, method := range methods {
			name := method + " " + templated.Replace(path)
			operation, ok := described[name]
			if !ok {
				t.Errorf("%s is a route without a description: add it to paths in api/%s, beside a similar one, and its documents to components.schemas", name, specFile)
				continue
			}
			delete(described, name)
			if got, want := operation["x-role"], api.Needed(path, method).String(); got != want {
				t.Errorf("%s needs the role %s, and api/%s says %v", name, want, specFile, got)
			}
			for _, member := range []string{"operationId", "summary", "tags", "responses"} {
				if operation[member] == nil {
					t.Errorf("%s has no %s in api/%s", name, member, specFile)
				}
			}
		}
	}
	for name := range described {
		t.Errorf("api/%s describes %s, and there is no such route", specFile, name)
	}
}

// The schemas have the members of package wire's documents, and those are required
// that are never left out.
func TestDescriptionFollowsWire(t *testing.T) {
	schemas := readSpec(t)["components"].(object)["schemas"].(object)
	documents := wireDocuments(t)
	if len(documents) < 30 {
		t.Fatalf("only %d documents were found in package wire", len(documents))
	}
	for name, want := range documents {
		schema, ok := schemas[name].(object)
		if !ok {
			t.Errorf("wire.%s is not described: add it to components.schemas in api/%s", name, specFile)
			continue
		}
		properties, _ := schema["properties"].(object)
		required, _ := schema["required"].([]any)
		for member, always := range want {
			if _, ok := properties[member]; !ok {
				t.Errorf("%q of wire.%s is not described: add it to components.schemas.%s.properties in api/%s", member, name, name, specFile)
			}
			if slices.Contains(required, any(member)) != always {
				t.Errorf("%q of wire.%s: is it required? always there: %v, api/%s: %v", member, name, always, specFile, !always)
			}
		}
		for member := range properties {
			if _, ok := want[member]; !ok {
				t.Errorf("api/%s describes %q of %s, which wire.%s does not have", specFile, member, name, name)
			}
		}
	}
}

// wireDocuments are the structs with JSON members, and whether these are always there.
func wireDocuments(t *testing.T) map[string]map[string]bool {
	t.Helper()
	files, err := filepath.Glob("wire/*.go")
	if err != nil {
		t.Fatal(err)
	}
	structs := map[string]*ast.StructType{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok && !strings.HasSuffix(name, "_test.go") {
				if s, ok := spec.Type.(*ast.StructType); ok {
					structs[spec.Name.Name] = s
				}
			}
			return true
		})
	}
	documents := map[string]map[string]bool{}
	for name, s := range structs {
		if members := jsonMembers(structs, s); len(members) > 0 {
			documents[name] = members
		}
	}
	return documents
}

func jsonMembers(structs map[string]*ast.StructType, s *ast.StructType) map[string]bool {
	members := map[string]bool{}
	for _, field := range s.Fields.List {
		if len(field.Names) == 0 { // embedded
			name, _ := strings.CutPrefix(types.ExprString(field.Type), "*")
			for member, always := range jsonMembers(structs, structs[name]) {
				_, optional := field.Type.(*ast.StarExpr)
				members[member] = always && !optional
			}
		}
		if field.Tag == nil {
			continue
		}
		name, option, _ := strings.Cut(reflect.StructTag(strings.Trim(field.Tag.Value, "`")).Get("json"), ",")
		members[name] = option != "omitempty"
	}
	return members
}
