package api

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"abad/api/wire"
)

const (
	// pageValues and maxPageValues bound a page's values when the client does not
	// and does. A page of small values should be worth its request.
	pageValues    = 1000
	maxPageValues = 10000
	// pageBytes bounds a page in JSON; one value may be over it. A client has to
	// hold it all, in text and in values.
	pageBytes = 4 << 20
	// pieceBytes is what a reader holds at a time: enough to make the system calls
	// cheap, little enough for hundreds of slow readers.
	pieceBytes = 64 << 10
)

func (s *Server) getLog(w *reply, r *http.Request) error {
	q, err := query(r, "from", "limit")
	if err != nil {
		return err
	}
	from, err := parseFrom(q)
	if err != nil {
		return err
	}
	limit, err := parseLimit(q)
	if err != nil {
		return err
	}
	if !s.readers.take(1) {
		return busy("too many readers are on this node's log")
	}
	defer s.readers.give(1)
	return s.writePage(w, r.Context(), from, limit)
}

// writePage sends the page as it is read, piece by piece.
func (s *Server) writePage(w *reply, ctx context.Context, pos wire.Position, limit int) error {
	buf := make([]byte, 0, pieceBytes)
	sent, count := 0, 0
	for more := true; more; {
		more = false
		next, err := s.blocks.walk(ctx, pos, func(e wire.Entry) bool {
			size := wire.EntrySize(len(e.Value)) + len(pageHead)
			if count == limit || count > 0 && sent+len(buf)+size > pageBytes {
				return false
			}
			if len(buf) > 0 && len(buf)+size > pieceBytes {
				more = true
				return false
			}
			buf = e.Append(separate(buf, count))
			count++
			return true
		})
		if err != nil {
			return err
		}
		pos = next
		if !more {
			buf = s.endPage(buf, count, pos)
		}
		if err := send(w, "application/json", buf); err != nil {
			return nil // the client has gone
		}
		sent += len(buf)
		buf = buf[:0]
	}
	return nil
}

const pageHead = `{"values":[`

// separate puts what belongs before value number count of a page.
func separate(buf []byte, count int) []byte {
	if count == 0 {
		return append(buf, pageHead...)
	}
	return append(buf, ',')
}

// endPage takes the height after the page was read, so a client that is told that
// nothing follows has seen everything up to it.
func (s *Server) endPage(buf []byte, count int, next wire.Position) []byte {
	if count == 0 {
		buf = append(buf, pageHead...)
	}
	buf = append(buf, `],"next":"`...)
	buf = next.Append(buf)
	buf = append(buf, `","height":`...)
	buf = strconv.AppendUint(buf, s.conf.Node.Height(), 10)
	return append(buf, "}\n"...)
}

// send writes a piece of a longer answer.
func send(w *reply, kind string, piece []byte) error {
	if w.status == 0 {
		head(w, kind)
	} else {
		extend(w)
	}
	_, err := w.Write(piece)
	return err
}

func parseFrom(q url.Values) (wire.Position, error) {
	if !q.Has("from") {
		return wire.Position{Block: 1}, nil
	}
	pos, err := wire.ParsePosition(q.Get("from"))
	if err != nil {
		return pos, problemf(http.StatusBadRequest, "from=%s: is not a position", short(q.Get("from"))).
			withHint("write a height, like 12, or a height and an index, like 12.3")
	}
	return pos, nil
}

func parseLimit(q url.Values) (int, error) {
	if !q.Has("limit") {
		return pageValues, nil
	}
	limit, err := strconv.Atoi(q.Get("limit"))
	if err != nil || limit < 1 {
		return 0, problemf(http.StatusBadRequest, "limit=%s: is not a number of values over 0", short(q.Get("limit"))).
			withHint("a page has at most %d", maxPageValues)
	}
	return min(limit, maxPageValues), nil
}
