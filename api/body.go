package api

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"unicode/utf8"

	"abad/batch"
)

// A JSON body may be so much longer than its value: base64 takes 4 bytes for 3, an
// encoder that escapes all but ASCII takes 6 for a letter of 2, and there are
// names, an id and some white space around it.
const (
	jsonSpelling = 3
	jsonAround   = 4 << 10
)

// jsonCopies is how often a JSON body is in memory while it is decoded beyond the
// body itself: the decoder's buffer, the string, the payload.
const jsonCopies = 3

// largestCost is the most that one submission takes from Server.bodies.
func largestCost(maxValue int) int64 {
	return (1 + jsonCopies) * (int64(maxValue)*jsonSpelling + jsonAround + 1)
}

// firstRead is the room that a body gets before its first byte is here. More
// comes by doubling, so nobody holds more than twice what he has sent.
const firstRead = 4 << 10

// body is a submission as it was sent.
type body struct {
	payload []byte
	id      *batch.ValueID // nil: none
	cost    int64          // taken from Server.bodies; the caller gives it back
}

// readValue reads a submission in either form.
func (s *Server) readValue(w http.ResponseWriter, r *http.Request) (body, error) {
	isJSON, err := contentType(r.Header)
	if err != nil {
		return body{}, err
	}
	limit := int64(s.conf.Node.Limits().MaxValue)
	over := problemf(http.StatusRequestEntityTooLarge, "the value is over the limit of %d bytes", limit).
		withHint("split it; the limit is max_value in /v1/status")
	if !isJSON {
		return s.readBody(w, r, limit, over)
	}
	longest := limit*jsonSpelling + jsonAround
	b, err := s.readBody(w, r, longest,
		problemf(http.StatusRequestEntityTooLarge, "the JSON body is over %d bytes, and a value has at most %d", longest, limit).
			withHint("send the bytes as they are, with Content-Type application/octet-stream"))
	if err != nil {
		return b, err
	}
	copies := jsonCopies * int64(len(b.payload))
	if !s.bodies.take(copies) {
		return b, errBodies
	}
	b.cost += copies
	b.payload, b.id, err = parseJSON(b.payload)
	if err == nil && int64(len(b.payload)) > limit {
		err = over
	}
	return b, err
}

var errBodies = busy("too many bytes are on their way into this node")

// contentType tells JSON from raw bytes, and refuses the types that would put
// something into the log that the sender did not mean. A form with its default type
// is raw, since that is what `curl -d` sends.
func contentType(h http.Header) (isJSON bool, err error) {
	if coding := h.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return false, problemf(http.StatusUnsupportedMediaType, "Content-Encoding %q is not supported", short(coding)).
			withHint("send the value as it is")
	}
	given := h.Get("Content-Type")
	if given == "" {
		return false, nil
	}
	kind, params, err := mime.ParseMediaType(given)
	if err != nil {
		return false, problemf(http.StatusUnsupportedMediaType, "Content-Type %q is malformed", short(given)).
			withHint("use application/octet-stream or application/json")
	}
	if strings.HasPrefix(kind, "multipart/") {
		return false, problemf(http.StatusUnsupportedMediaType, "a multipart form is not a value").
			withHint("send the bytes alone: curl --data-binary @file")
	}
	if kind != "application/json" && !strings.HasSuffix(kind, "+json") {
		return false, nil
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return false, problemf(http.StatusUnsupportedMediaType, "JSON in %q is not supported", short(charset)).
			withHint("JSON is UTF-8 (RFC 8259, section 8.1)")
	}
	return true, nil
}

// readBody reads a whole body of at most size bytes into memory that grows as
// the bytes come. A longer one gets the error over.
func (s *Server) readBody(w http.ResponseWriter, r *http.Request, size int64, over error) (b body, err error) {
	if r.ContentLength > size {
		return b, over // without reading: a client that asks first (100-continue) need not send
	}
	in := http.MaxBytesReader(w, r.Body, size)
	room := int64(firstRead)
	if r.ContentLength >= 0 {
		room = min(room, r.ContentLength+1) // one more: to see the end
	}
	for {
		if !s.bodies.take(room) {
			return b, errBodies
		}
		b.cost += room
		grown := make([]byte, len(b.payload), int64(len(b.payload))+room)
		copy(grown, b.payload)
		b.payload = grown
		for len(b.payload) < cap(b.payload) {
			n, err := in.Read(b.payload[len(b.payload):cap(b.payload)])
			b.payload = b.payload[:len(b.payload)+n]
			if err == io.EOF {
				return b, nil
			}
			if err != nil {
				return b, cutOff(err, over)
			}
		}
		room = min(int64(len(b.payload)), size+1-int64(len(b.payload)))
	}
}

// cutOff explains why a body did not come to its end.
func cutOff(err, over error) error {
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		return over
	case errors.Is(err, os.ErrDeadlineExceeded):
		return problemf(http.StatusRequestTimeout, "the body did not come within %s", readTimeout)
	}
	return problemf(http.StatusBadRequest, "the body is cut off or malformed: %s", short(err.Error())).
		withHint("nothing was submitted; send it again")
}

// submission is the JSON form.
type submission struct {
	Value *string `json:"value"`
	Text  *string `json:"text"`
	ID    *string `json:"id"`
}

func parseJSON(data []byte) (payload []byte, id *batch.ValueID, err error) {
	// encoding/json replaces wrong bytes, and the log would get another value.
	if !utf8.Valid(data) {
		return nil, nil, problemf(http.StatusBadRequest, "the JSON body is not UTF-8").withHint(jsonHint)
	}
	var in submission
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return nil, nil, problemf(http.StatusBadRequest, "the JSON body: %s", short(err.Error())).withHint(jsonHint)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, nil, problemf(http.StatusBadRequest, "the JSON body goes on after its end").withHint(jsonHint)
	}
	if in.ID != nil {
		if id, err = parseID(`the body's "id"`, *in.ID); err != nil {
			return nil, nil, err
		}
	}
	switch {
	case in.Value != nil && in.Text != nil:
		return nil, nil, problemf(http.StatusBadRequest, `the JSON body has both "value" and "text"`).withHint(jsonHint)
	case in.Text != nil:
		return []byte(*in.Text), id, nil
	case in.Value != nil:
		if payload, err = base64.StdEncoding.DecodeString(*in.Value); err != nil {
			return nil, nil, problemf(http.StatusBadRequest, `the body's "value" is not base64: %s`, err).withHint(jsonHint)
		}
		return payload, id, nil
	}
	return nil, nil, problemf(http.StatusBadRequest, `the JSON body has neither "value" nor "text"`).withHint(jsonHint)
}

const jsonHint = `send {"value": "<base64>"} or {"text": "..."}, with "id" if you like; for raw bytes take Content-Type application/octet-stream`
