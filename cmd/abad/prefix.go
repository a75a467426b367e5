package main

import (
	"bytes"
	"io"
	"sync"
)

// longestLine is how much of a line waits for its end; a child that writes no
// ends must not fill our memory.
const longestLine = 64 << 10

// prefixer writes whole lines of one source with a prefix. Several of them share
// a lock and an output.
type prefixer struct {
	prefix string
	lock   *sync.Mutex
	out    io.Writer
	line   []byte // begun, without the prefix
}

// Write takes bytes from one source; a failing output is not the source's fault
// and ends nothing.
func (p *prefixer) Write(data []byte) (int, error) {
	written := len(data)
	for len(data) > 0 {
		end := bytes.IndexByte(data, '\n') + 1
		if end == 0 {
			end = len(data)
		}
		p.line = append(p.line, data[:end]...)
		data = data[end:]
		if p.line[len(p.line)-1] == '\n' || len(p.line) >= longestLine {
			p.flush()
		}
	}
	return written, nil
}

func (p *prefixer) flush() {
	text := append([]byte(p.prefix), bytes.TrimSuffix(p.line, []byte{'\n'})...)
	p.line = p.line[:0]
	p.lock.Lock()
	defer p.lock.Unlock()
	p.out.Write(append(text, '\n'))
}

// end writes what is left of a line without an end.
func (p *prefixer) end() {
	if len(p.line) > 0 {
		p.flush()
	}
}
