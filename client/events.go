package client

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// events reads server-sent events (HTML standard, section 9.2.6), each within a
// bound. A line ends with LF, CR or both; what follows the last empty line is not
// an event.
type events struct {
	in      *bufio.Reader
	most    int  // bytes of an event: its lines with their ends, comments included
	begun   bool // past the byte order mark that may be first
	afterCR bool // a LF now belongs to the line before
	line    []byte
}

// event is one of them. The id is that of the last event which had one.
type event struct {
	id, name string
	data     []byte // valid until the next one is read
}

// errEventSize: an event over its bound.
var errEventSize = errors.New("the event is too large")

func newEvents(r io.Reader, most int) *events {
	return &events{in: bufio.NewReaderSize(r, 64<<10), most: most}
}

// next reads one event into ev, whose id it keeps. At the end it is io.EOF.
func (s *events) next(ev *event) error {
	ev.name, ev.data = "", ev.data[:0]
	size, hasData := 0, false
	for {
		line, err := s.readLine(s.most - size)
		if err != nil {
			return err
		}
		size += len(line) + 1
		switch {
		case len(line) > 0:
			hasData = ev.field(line) || hasData
		case hasData:
			ev.data = ev.data[:len(ev.data)-1] // the last line feed
			return nil
		default:
			ev.name, size = "", 0 // an event without data is none
		}
	}
}

// field takes one line and reports whether it was data.
func (ev *event) field(line []byte) bool {
	name, value, _ := bytes.Cut(line, []byte{':'})
	value = bytes.TrimPrefix(value, []byte{' '})
	switch string(name) {
	case "data":
		ev.data = append(append(ev.data, value...), '\n')
		return true
	case "event":
		ev.name = string(value)
	case "id":
		if bytes.IndexByte(value, 0) < 0 {
			ev.id = string(value)
		}
	}
	return false // a comment has an empty name; "retry" is not for us
}

// readLine reads a line of at most so many bytes, without its end.
func (s *events) readLine(most int) ([]byte, error) {
	s.line = s.line[:0]
	for {
		if _, err := s.in.Peek(1); err != nil {
			return nil, err
		}
		ready, _ := s.in.Peek(s.in.Buffered())
		if s.afterCR && ready[0] == '\n' {
			s.afterCR = false
			s.in.Discard(1)
			continue
		}
		s.afterCR = false
		end := bytes.IndexAny(ready, "\r\n")
		part := ready
		if end >= 0 {
			part = ready[:end]
		}
		if len(s.line)+len(part) > most {
			return nil, errEventSize
		}
		s.line = append(s.line, part...)
		if end < 0 {
			s.in.Discard(len(part))
			continue
		}
		s.afterCR = ready[end] == '\r'
		s.in.Discard(end + 1)
		if !s.begun {
			s.begun = true
			s.line = bytes.TrimPrefix(s.line, []byte("\ufeff"))
		}
		return s.line, nil
	}
}
