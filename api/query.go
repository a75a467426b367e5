package api

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// query reads a request's parameters and refuses those that nobody asked for: a
// mistyped one would otherwise be a setting that silently does not work.
func query(r *http.Request, names ...string) (url.Values, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, problemf(http.StatusBadRequest, "the query %q is malformed", short(r.URL.RawQuery))
	}
	for name, given := range values {
		if !slices.Contains(names, name) {
			return nil, problemf(http.StatusBadRequest, "there is no parameter %q here", short(name)).
				withHint("the parameters of %s are: %s", r.URL.Path, cmp.Or(strings.Join(names, ", "), "none"))
		}
		if len(given) > 1 {
			return nil, problemf(http.StatusBadRequest, "the parameter %q is there %d times", name, len(given))
		}
	}
	return values, nil
}
