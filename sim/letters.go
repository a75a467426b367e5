package sim

import "abad/ledger"

// letters keeps everything that was ever said in a run, in chunks that stay where
// they are and serve the next run: most of what a run would allocate.
type letters struct {
	chunks [][]ledger.Msg
	count  int32
}

const letterChunk = 1 << 10

func (l *letters) add(msg *ledger.Msg) int32 {
	if int(l.count) == len(l.chunks)*letterChunk {
		l.chunks = append(l.chunks, make([]ledger.Msg, letterChunk))
	}
	l.chunks[l.count/letterChunk][l.count%letterChunk] = *msg
	l.count++
	return l.count - 1
}

func (l *letters) at(ref int32) *ledger.Msg { return &l.chunks[ref/letterChunk][ref%letterChunk] }

// reset forgets the messages; more than a usual run's memory is given back.
func (l *letters) reset() {
	l.count = 0
	if len(l.chunks) > 16 {
		l.chunks = l.chunks[:16:16]
	}
}
