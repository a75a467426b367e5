// Package page is the page that a node shows at "/": what it does, live, in one
// document without a build step and with nothing fetched from elsewhere. It is
// plain HTML, CSS and JavaScript modules in assets, which use the HTTP API and no
// other way in.
//
// A page in a browser runs with the rights of whoever looks at it, and much of what
// it shows was written by others: values, names of decisions, errors of peers. So
// there is no markup made of text anywhere (elements are made one by one, and the
// browser is told to refuse anything else), no code or style but the files here, no
// connection but to the node itself, and no other page may frame this one.
package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"time"
)

//go:embed assets
var assets embed.FS

// policy is the Content-Security-Policy (W3C CSP 3). Files and connections are of
// this origin; forms, frames, plugins and markup from text are not there at all.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// types are the media types of the files, by the ends of their names: the system's
// table, which net/http would ask, may say something else.
var types = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// Handlers gives a handler for every path of the page: "/" and one below "/page/"
// for each file that it needs.
func Handlers() map[string]http.Handler {
	list, err := fs.ReadDir(assets, "assets")
	if err != nil {
		panic("page: internal error: " + err.Error())
	}
	handlers := map[string]http.Handler{}
	for _, entry := range list {
		name := entry.Name()
		data, err := assets.ReadFile("assets/" + name)
		if err != nil {
			panic("page: internal error: " + err.Error())
		}
		where := "/page/" + name
		if name == "index.html" {
			where = "/"
		}
		handlers[where] = file(name, data)
	}
	return handlers
}

// file serves one file. A browser keeps it and asks whether it is still the same,
// so that a new release shows its own page at once.
func file(name string, data []byte) http.Handler {
	sum := sha256.Sum256(data)
	tag := `"` + hex.EncodeToString(sum[:16]) + `"`
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", types[path.Ext(name)])
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-cache")
		h.Set("ETag", tag)
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(data))
	})
}
