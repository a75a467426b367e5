package api

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"runtime/metrics"
	"strconv"
	"time"

	"abad/api/wire"
	"abad/net"
	"abad/node"
)

// counting is a node that counts; those of tests need not.
type counting interface {
	Stats(ctx context.Context) (node.Stats, error)
}

// getStats answers with counters for benchmarks.
func (s *Server) getStats(w *reply, r *http.Request) error {
	if _, err := query(r); err != nil {
		return err
	}
	counter, ok := s.conf.Node.(counting)
	if !ok {
		return problemf(http.StatusNotFound, "this node does not count")
	}
	ctx, cancel := context.WithTimeoutCause(r.Context(), statusTimeout, errNoStatus)
	defer cancel()
	st, err := counter.Stats(ctx)
	if err != nil && context.Cause(ctx) == errNoStatus {
		return errNoStatus
	}
	if err != nil {
		return err
	}
	document := wire.Stats{
		Time: time.Now(), Height: st.Height, Values: st.Values, Coins: st.Coins, Transactions: st.Transactions,
		Queued: st.Queued, MessagesIn: st.MessagesIn, MessagesOut: st.MessagesOut,
		Wire:    wire.Traffic{In: st.Wire.PacketsIn, Out: st.Wire.PacketsOut, BytesIn: st.Wire.BytesIn, BytesOut: st.Wire.BytesOut},
		Control: moved(st.Control), Push: moved(st.Push), Request: moved(st.Request),
		Slots: st.Slots, Rounds: st.Rounds, CPU: cpu(), RSS: resident(),
	}
	document.Allocations, document.Allocated = allocated()
	answer(w, http.StatusOK, document)
	return nil
}

func moved(t net.Traffic) wire.Traffic {
	return wire.Traffic{In: t.In, Out: t.Out, BytesIn: t.BytesIn, BytesOut: t.BytesOut}
}

// resident is the memory of this process in bytes, by proc(5); 0 where there is none.
func resident() int64 {
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(data)
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

func allocated() (count, size uint64) {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:objects"}, {Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64(), sample[1].Value.Uint64()
}
