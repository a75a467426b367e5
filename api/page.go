package api

import "net/http"

// pageRoute stands for all files of the page in figures.
const pageRoute = "page"

// servePage puts the page beside the paths of the API. It needs no token: a browser
// has none before it has the page, whose files are in the program for all to read.
func (s *Server) servePage(mux *http.ServeMux) {
	if len(s.conf.Page) > 0 {
		s.requests.expect(pageRoute)
	}
	for path, file := range s.conf.Page {
		m := methods{http.MethodGet: func(w *reply, r *http.Request) error {
			extend(w)
			file.ServeHTTP(w, r)
			return nil
		}}
		if path == "/" {
			path = "/{$}" // and nothing below it
		}
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			out := w.(*reply)
			defer func() { s.requests.note(pageRoute, out.status) }()
			s.dispatch(out, r, "/", m)
		})
	}
}
