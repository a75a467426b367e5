package net

import (
	"io"
)

// read takes frames off the control stream until it ends. It stops reading while
// the inbox has no room for this peer, and QUIC stops the peer in turn.
func (l *link) read() error {
	var body []byte
	for {
		var err error
		body, err = readFrame(l.in, body, maxFrame)
		if err == io.EOF {
			return errEnded
		}
		if err != nil {
			return err
		}
		at, msgs, err := decodeFrame(body)
		if err != nil {
			return err
		}
		l.peer.count.control.in(lengthSize+len(body), len(msgs))
		l.t.outbox.heard(l.peer.id, at)
		event := Event{From: l.peer.id, Kind: Frame, Position: at, Msgs: msgs}
		if err := l.t.inbox.put(l.conn.Context(), event, footprint(body, msgs)); err != nil {
			return err
		}
		if cap(body) > keepBuffer {
			body = nil
		}
	}
}

// keepBuffer is the largest buffer that a reader or writer keeps between frames.
const keepBuffer = 1 << 20

// footprint is about the memory of a decoded frame: messages are copied out of
// the body, and a slice and a small allocation take 40 bytes even for nothing.
func footprint(body []byte, msgs [][]byte) int { return len(body) + 40*len(msgs) }

// write sends what waits in the outbox, as much in one frame as fits. Whatever
// was taken but not received when the connection breaks is taken again on
// the next one.
func (l *link) write() error {
	var msgs [][]byte
	var buf []byte
	ctx := l.conn.Context()
	wake := l.t.outbox.peers[l.peer.id].wake
	for {
		taken, at, some := l.t.outbox.take(l.peer.id, msgs[:0])
		if !some {
			select {
			case <-wake:
				continue
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		buf = appendFrame(buf[:0], encodeFrame(at, taken))
		l.peer.count.control.out(len(buf), len(taken))
		if _, err := l.ctrl.Write(buf); err != nil {
			return err
		}
		clear(taken) // a released message is not kept alive from here
		msgs = taken
		if cap(buf) > keepBuffer {
			buf = nil
		}
	}
}
