package home

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// document is a TOML file that is being read. Reading goes on after an error and
// keeps the first one, so that the readers below need no checks between keys.
type document struct {
	file  string // for errors
	text  string
	known []string // keys that were asked for, with their tables
	all   []*table
	err   error
	gap   error // the first missing key, less telling than any other error
}

// table is one table of a document. A missing table reads like an empty one.
type table struct {
	doc    *document
	name   string // "" at the top, else "log", or "node" for any of [[node]]
	index  int    // among tables of this name
	values map[string]any
	asked  map[string]bool
}

// Limits of a document's form. The toml package's memory and time grow with the
// square of how deep tables nest, and both dots in a key and braces nest them.
const (
	maxLine   = 1 << 10 // the longest of ours is an address with a name of 253 letters
	maxBraces = 64      // ours have none
)

func checkForm(file, text string) error {
	if strings.Count(text, "{") > maxBraces {
		return fmt.Errorf("%s: more than %d tables in braces: write them as [name]", file, maxBraces)
	}
	n := 0
	for line := range strings.Lines(text) {
		if n++; len(line) > maxLine {
			return fmt.Errorf("%s:%d: the line has more than %d bytes", file, n, maxLine)
		}
	}
	return nil
}

// parse reads the syntax and returns the top table.
func parse(file string, data []byte) (*document, *table) {
	d := &document{file: file, text: string(data)}
	values := make(map[string]any)
	if d.err = checkForm(file, d.text); d.err != nil {
		return d, d.table("", 0, nil)
	}
	if _, err := toml.Decode(d.text, &values); err != nil {
		var at toml.ParseError
		if errors.As(err, &at) {
			d.err = fmt.Errorf("%s:%d: %s", file, at.Position.Line, at.Message)
		} else {
			d.err = fmt.Errorf("%s: %w", file, err)
		}
		values = nil
	}
	return d, d.table("", 0, values)
}

func (d *document) table(name string, index int, values map[string]any) *table {
	t := &table{doc: d, name: name, index: index, values: values, asked: make(map[string]bool)}
	d.all = append(d.all, t)
	return t
}

// finish returns the first error. A key that nobody asked for is one: it may be
// a misspelt limit that would silently not hold, or be the reason why another
// seems to be missing.
func (d *document) finish() error {
	for _, t := range d.all {
		keys := make([]string, 0, len(t.values))
		for key := range t.values {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		for _, key := range keys {
			if !t.asked[key] {
				t.wrong(key, "unknown key%s", hint(nearest(key, d.known)))
			}
		}
	}
	if d.err == nil {
		d.err = d.gap
	}
	return d.err
}

func hint(key string) string {
	if key == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %s?", key)
}

// wrong keeps an error about a key of this table, if it is the first.
func (t *table) wrong(key, format string, args ...any) {
	if t.doc.err == nil {
		t.doc.err = t.problem(key, fmt.Errorf(format, args...))
	}
}

func (t *table) problem(key string, err error) error {
	place := t.doc.file
	if line := t.doc.line(t.name, t.index, key); line > 0 {
		place = fmt.Sprintf("%s:%d", place, line)
	}
	return fmt.Errorf("%s: %s: %w", place, t.path(key), err)
}

func (t *table) path(key string) string {
	if t.name == "" {
		return fmt.Sprintf("%.60q", key)
	}
	return fmt.Sprintf("%.60q", t.name+"."+key)
}

func (t *table) get(key string) (any, bool) {
	t.asked[key] = true
	full := key
	if t.name != "" {
		full = t.name + "." + key
	}
	if !slices.Contains(t.doc.known, full) {
		t.doc.known = append(t.doc.known, full)
	}
	v, ok := t.values[key]
	return v, ok
}

// must is get for a key that the file has to have.
func (t *table) must(key string) (any, bool) {
	v, ok := t.get(key)
	if !ok && t.doc.gap == nil {
		t.doc.gap = t.problem(key, errors.New("missing"))
	}
	return v, ok
}

// optional and required read a value of one type.
func optional[T any](t *table, key, kind string) (value T, present bool) {
	v, ok := t.get(key)
	if !ok {
		return value, false
	}
	return as[T](t, key, kind, v)
}

func required[T any](t *table, key, kind string) (value T, present bool) {
	v, ok := t.must(key)
	if !ok {
		return value, false
	}
	return as[T](t, key, kind, v)
}

func as[T any](t *table, key, kind string, v any) (T, bool) {
	value, ok := v.(T)
	if !ok {
		t.wrong(key, "must be %s", kind)
	}
	return value, ok
}

const (
	aText   = `a text in "quotes"`
	aNumber = "a whole number"
	aBool   = "true or false"
)

// sub is the table with this name.
func (t *table) sub(name string) *table {
	values, _ := optional[map[string]any](t, name, "a table, ["+name+"]")
	return t.doc.table(name, 0, values)
}

// list is the array of tables with this name.
func (t *table) list(name string) []*table {
	values, _ := required[[]map[string]any](t, name, "tables, each [["+name+"]]")
	tables := make([]*table, len(values))
	for i, v := range values {
		tables[i] = t.doc.table(name, i, v)
	}
	return tables
}

// texts is an array of texts.
func (t *table) texts(key string) []string {
	values, _ := required[[]any](t, key, "a list of texts")
	list := make([]string, len(values))
	for i, v := range values {
		list[i], _ = as[string](t, key, "a list of texts", v)
	}
	return list
}

var (
	headerLine = regexp.MustCompile(`^\s*\[\[?\s*"?([^\]"]*?)"?\s*\]`)
	keyLine    = regexp.MustCompile(`^\s*"?([^"=#]*?)"?\s*=`)
)

// line finds where a key is: the toml package knows the places of keys, but tells
// them only of its own errors. It returns the line of the table's header if the
// key is not in it, and 0 where the file is laid out in another way.
func (d *document) line(name string, index int, key string) int {
	table, seen, header := "", map[string]int{}, 0
	for i, text := range strings.Split(d.text, "\n") {
		if m := headerLine.FindStringSubmatch(text); m != nil {
			table = m[1]
			if seen[table]++; table == name && seen[table] == index+1 || name == "" && table == key {
				header = i + 1
			}
			continue
		}
		if table != name || name != "" && seen[table] != index+1 {
			continue
		}
		if m := keyLine.FindStringSubmatch(text); m != nil && m[1] == key {
			return i + 1
		}
	}
	return header
}
