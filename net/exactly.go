package net

import "io"

// exactly reads the announced bytes and then finds the end of the stream there,
// neither before nor after.
type exactly struct {
	r      io.Reader
	left   int64
	ended  bool
	broken error // the violation, if there was one
}

func (e *exactly) Read(p []byte) (int, error) {
	if e.broken != nil {
		return 0, e.broken
	}
	if e.left == 0 {
		return 0, e.end()
	}
	if int64(len(p)) > e.left {
		p = p[:e.left]
	}
	n, err := e.r.Read(p)
	e.left -= int64(n)
	if err == io.EOF {
		e.ended = true
		if err = nil; e.left > 0 {
			e.broken = violationf("body cut off %d bytes before its end: %w", e.left, io.ErrUnexpectedEOF)
			err = e.broken
		} else if n == 0 {
			err = io.EOF
		}
	}
	return n, err
}

func (e *exactly) end() error {
	if e.ended {
		return io.EOF
	}
	var one [1]byte
	n, err := io.ReadFull(e.r, one[:])
	if n > 0 {
		e.broken = violationf("body goes on after its end")
		return e.broken
	}
	e.ended = err == io.EOF
	return err
}
