package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"abad/client"
)

// endless is an answer without end.
func endless(piece string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for range 70 << 20 / len(piece) {
			io.WriteString(w, piece)
		}
	}
}

func saying(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, text)
	}
}

// What is not an answer of the API is an error, at once and in bounded memory.
func TestHostileAnswers(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"another service": saying(200, "<html>"),
		"empty":           saying(200, ""),
		"null":            saying(200, "null"),
		"204":             saying(204, ""),
		"wrong id":        saying(200, `{"block":1,"index":0,"id":"00000000000000000000000000000000","ms":1}`),
		"wrong types":     saying(200, `{"block":"x","values":5,"height":[]}`),
		"deep":            saying(200, strings.Repeat("[", 1<<17)),
	} {
		t.Run(name, func(t *testing.T) {
			c := answering(t, handler)
			_, err := c.Submit(t.Context(), []byte("x"))
			var u *client.Unsettled
			if !errors.Is(err, client.ErrProtocol) || !errors.As(err, &u) || client.Hint(err) == "" {
				t.Errorf("Submit: %.300v", err)
			}
			if len(fmt.Sprint(err)) > 2000 {
				t.Errorf("an error of %d bytes", len(fmt.Sprint(err)))
			}
			if name != "null" && name != "wrong id" {
				if _, err = c.Status(t.Context()); !errors.Is(err, client.ErrProtocol) {
					t.Errorf("Status: %.300v", err)
				}
			}
			if _, err = c.Block(t.Context(), 7); !errors.Is(err, client.ErrProtocol) {
				t.Errorf("Block: %.300v", err)
			}
			if _, err = c.Page(t.Context(), client.Position{Block: 1}, 0); !errors.Is(err, client.ErrProtocol) {
				t.Errorf("Page: %.300v", err)
			}
		})
	}
}

// spaces is an answer that begins well and has no end; it counts what is read.
type spaces struct {
	begin string
	read  int
}

func (s *spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	copy(p, s.begin[min(s.read, len(s.begin)):])
	s.read += len(p)
	return len(p), nil
}

func (s *spaces) Close() error { return nil }

func TestEndlessAnswer(t *testing.T) {
	for _, status := range []int{200, 404} {
		body := &spaces{begin: `{"error":"x","height":7}`}
		c := connect(t, client.Config{URL: "localhost"})
		c.SetTransport(roundTrip(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Body: body}, nil
		}))
		_, err := c.Status(t.Context())
		var refused *client.Error
		if status == 200 && !errors.Is(err, client.ErrProtocol) || status == 404 && !errors.As(err, &refused) {
			t.Errorf("%d: %v", status, err)
		}
		if body.read > 1<<20+1 {
			t.Errorf("%d: %d bytes were read", status, body.read)
		}
	}
}

// Few bytes can stand for many elements.
func TestManyElements(t *testing.T) {
	nulls := func(name string, count int) http.HandlerFunc {
		return saying(200, `{"height":7,"`+name+`":[`+strings.Repeat("null,", count)+`null],"next":"1.0"}`)
	}
	_, err := answering(t, nulls("peers", 1<<14-2)).Status(t.Context())
	if err != nil {
		t.Errorf("at the limit: %v", err)
	}
	_, status := answering(t, nulls("peers", 1<<14-1)).Status(t.Context())
	_, block := answering(t, nulls("batches", 1<<20+1)).Block(t.Context(), 7)
	_, page := answering(t, nulls("values", 80_001)).Page(t.Context(), client.Position{Block: 1}, 0)
	for _, err := range []error{status, block, page} {
		if !errors.Is(err, client.ErrProtocol) || !strings.Contains(err.Error(), "too many elements") {
			t.Errorf("%.300v", err)
		}
	}
}

func TestHostileRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		status  int
		message string
	}{
		"html":     {saying(404, "<html>"), 404, "Not Found"},
		"no error": {saying(400, `{"hint":"x"}`), 400, "Bad Request"},
		"long":     {saying(400, `{"error":"`+strings.Repeat("x", 50_000)+`"}`), 400, strings.Repeat("x", 1000) + "..."},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://elsewhere/", http.StatusTemporaryRedirect)
		}, 307, "Temporary Redirect"},
		"terminal": {saying(400, `{"error":"\u001b[2J"}`), 400, "\x1b[2J"},
	} {
		cl := answering(t, c.handler)
		_, err := cl.Submit(t.Context(), []byte("x"))
		var refused *client.Error
		if !errors.As(err, &refused) || refused.Status != c.status || refused.Message != c.message {
			t.Errorf("%s: %.300v", name, err)
		}
		if strings.ContainsRune(err.Error(), '\x1b') {
			t.Errorf("%s: the text speaks to the terminal", name)
		}
	}
	var refused *client.Error
	c := answering(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(500)
		endless(strings.Repeat("x", 1<<16))(w, r)
	})
	if _, err := c.Status(t.Context()); !errors.As(err, &refused) || refused.Status != 500 {
		t.Errorf("%.300v", err)
	}
}

// A log goes forward without gaps and comes to an end.
func TestHostilePages(t *testing.T) {
	entry := func(at string) string {
		block, index, _ := strings.Cut(at, ".")
		return fmt.Sprintf(`{"block":%s,"index":%s,"id":"00000000000000000000000000000000","value":"eA=="}`, block, index)
	}
	page := func(next string, height int, places ...string) http.HandlerFunc {
		var list []string
		for _, p := range places {
			list = append(list, entry(p))
		}
		return saying(200, fmt.Sprintf(`{"values":[%s],"next":"%s","height":%d}`, strings.Join(list, ","), next, height))
	}
	for name, handler := range map[string]http.HandlerFunc{
		"no progress":                page("1.2", 9),
		"backwards":                  page("1.1", 9, "1.2"),
		"before":                     page("1.2", 9, "1.1"),
		"1.2 came where 1.1 was due": page("2.0", 9, "1.2", "1.4"),
		"gap at start":               page("2.0", 9, "1.3"),
		"mid-block":                  page("3.0", 9, "1.2", "2.1"),
		"twice":                      page("2.0", 9, "1.2", "1.2"),
		"bad next":                   page("x", 9, "1.2"),
	} {
		c := answering(t, handler)
		var err error
		for _, err = range c.Log(t.Context(), client.Position{Block: 1, Index: 2}) {
			if err != nil {
				break
			}
		}
		if !errors.Is(err, client.ErrProtocol) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, handler := range map[string]http.HandlerFunc{
		"rest of block": page("2.0", 1, "1.2", "1.3"),
		"next block":    page("4.0", 3, "3.0", "3.1"),
		"empty":         page("2.0", 1),
	} {
		c := answering(t, handler)
		for _, err := range c.Log(t.Context(), client.Position{Block: 1, Index: 2}) {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestHostileStreams(t *testing.T) {
	event := func(block, index int) string {
		return fmt.Sprintf("event: value\ndata: {\"block\":%d,\"index\":%d,\"id\":\"00000000000000000000000000000000\",\"value\":\"eA==\"}\n\n", block, index)
	}
	streaming := func(text ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			for _, t := range text {
				io.WriteString(w, t)
			}
		}
	}
	for name, handler := range map[string]http.HandlerFunc{
		"has the type":               saying(200, event(1, 0)),
		"invalid character":          streaming("event: value\ndata: <html>\n\n"),
		"1.2 came where 1.1 was due": streaming(event(1, 0), event(1, 2)),
		"1.0 came where 2.1 was due": streaming(event(2, 0), event(1, 0)),
		"too large":                  streaming("data: ", strings.Repeat("x", client.MaxEvent), "\n\n"),
		"cannot unmarshal":           streaming("event: value\ndata: {\"block\":\"1\"}\n\n"),
	} {
		c := answering(t, handler)
		var err error
		for _, err = range c.Stream(t.Context(), client.Position{Block: 1}) {
		}
		if !errors.Is(err, client.ErrProtocol) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %.300v", name, err)
		}
	}
	c := answering(t, streaming("event: later\ndata: <html>\n\n", "data: no name\n\n", event(1, 0)))
	for e, err := range c.Stream(t.Context(), client.Position{Block: 1}) {
		if err != nil || e.Block != 1 {
			t.Errorf("%+v %v", e, err)
		}
		break
	}
	var refused *client.Error
	var err error
	for _, err = range answering(t, saying(400, `{"error":"no"}`)).Stream(t.Context(), client.Position{}) {
	}
	if !errors.As(err, &refused) || refused.Message != "no" {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err = range c.Stream(ctx, client.Position{}) {
	}
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
