package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"text/tabwriter"
	"time"
)

// Result is what a run has shown. Megabytes have 10^6 bytes.
type Result struct {
	Name    string    `json:"name,omitempty"`
	Time    time.Time `json:"time"`
	Nodes   int       `json:"nodes"`
	Size    int       `json:"size"`               // bytes of a value
	Rate    float64   `json:"rate,omitempty"`     // asked for; 0: saturation
	Seconds float64   `json:"seconds"`            // measured
	Clients int       `json:"clients"`            // connections
	Delay   float64   `json:"delay_ms,omitempty"` // injected, one way
	Network string    `json:"network,omitempty"`  // in words
	Faults  []Fault   `json:"faults,omitempty"`   //
	Moves   int       `json:"moves,omitempty"`    // of connections to another node
	Missing int       `json:"unanswered"`         // values without an answer at the end
	Refused int       `json:"refused,omitempty"`  // values that the nodes did not want

	Values  float64 `json:"values_per_s"`
	Payload float64 `json:"payload_mb_per_s"`
	Ceiling float64 `json:"ceiling_mb_per_s"` // 0: not measured
	Ratio   float64 `json:"ratio"`            // payload to ceiling
	// After a fault: the mean from two seconds after the last one to the end, as a
	// ratio to the mean before the first, and to the ceiling of the nodes that are left.
	After        float64 `json:"after_fault_mb_per_s,omitempty"`
	AfterRatio   float64 `json:"after_fault_ratio,omitempty"`
	AfterCeiling float64 `json:"after_fault_ceiling_mb_per_s,omitempty"`
	AfterWire    float64 `json:"after_fault_ratio_to_ceiling,omitempty"`
	// With the log as a ratio to without journal and syncs, in the same run.
	LogValues float64 `json:"log_values_ratio,omitempty"`
	LogP50    float64 `json:"log_p50_ratio,omitempty"`

	P50  float64 `json:"p50_ms"`
	P90  float64 `json:"p90_ms"`
	P99  float64 `json:"p99_ms"`
	Max  float64 `json:"max_ms"`
	P50D float64 `json:"p50_delays,omitempty"` // p50 in units of the delay

	CPUPerByte        float64 `json:"cpu_ns_per_payload_byte"` // over all nodes
	CPUPerValue       float64 `json:"cpu_ns_per_value"`
	CPUPerReceiver    float64 `json:"cpu_ns_per_value_and_node"`
	CPU               float64 `json:"cpu_share_per_node"` // of one core
	Sent              float64 `json:"sent_per_payload_byte"`
	SentFrames        float64 `json:"frame_bytes_per_payload_byte"`
	Pulled            float64 `json:"pulled_per_payload_byte"`
	LinkBytes         float64 `json:"bytes_per_s_and_link"`
	Blocks            float64 `json:"blocks_per_s"`
	Messages          float64 `json:"messages_per_block"` // sent, of all nodes
	Frames            float64 `json:"frames_per_block"`
	Rounds            float64 `json:"aba_rounds_per_slot"` // of a sample of slots
	Coins             uint64  `json:"coins"`
	RSS               float64 `json:"rss_mb"` // the most of any node
	RSSMean           float64 `json:"rss_mean_mb"`
	Fsyncs            float64 `json:"fsyncs_per_s"` // synced transactions of a node
	AllocationsPerVal float64 `json:"allocations_per_value"`
	AllocatedPerByte  float64 `json:"allocated_per_payload_byte"`

	Timeline []Moment `json:"timeline,omitempty"`
}

func (c Config) result(all *record, t total, moves int) Result {
	values := float64(all.values)
	payload := values * float64(c.Size)
	r := Result{
		Time: time.Now().UTC(), Nodes: len(c.Nodes), Size: c.Size, Rate: c.Rate, Seconds: c.Seconds, Clients: c.Clients,
		Delay: float64(c.Delay) / 1e6, Faults: c.Faults, Moves: moves, Missing: all.missing, Refused: all.refused,
		Values: values / c.Seconds, Payload: payload / c.Seconds / 1e6,
		Coins: t.coins, RSS: t.rssMost / 1e6, RSSMean: t.rssMean / 1e6, Rounds: t.roundsPerSlot,
		Fsyncs: t.transactionsPerSecond, CPU: t.cpuPerSec / 1e9, Timeline: all.timeline(),
	}
	if all.latency.TotalCount() > 0 {
		r.P50, r.P90, r.P99 = quantile(all.latency, 50), quantile(all.latency, 90), quantile(all.latency, 99)
		r.Max = float64(all.latency.Max()) / 1000
	}
	r.P50D = over(r.P50, r.Delay)
	links := float64(t.nodes * (t.nodes - 1))
	sent := float64(t.wire)
	r.LinkBytes = over(sent, links*t.seconds)
	// The nodes were looked at for a little longer or shorter than values were counted.
	counted := over(t.seconds, c.Seconds)
	values, payload = values*counted, payload*counted
	copies := payload * float64(max(t.nodes-1, 1)) // what has to be sent: a copy for every other node
	r.Sent, r.SentFrames, r.Pulled = over(sent, copies), over(float64(t.control), copies), over(float64(t.request), copies)
	r.CPUPerByte, r.CPUPerValue = over(float64(t.cpu), payload), over(float64(t.cpu), values)
	r.CPUPerReceiver = over(r.CPUPerValue, float64(t.nodes))
	r.Blocks = over(float64(t.blocks), t.seconds)
	r.Messages, r.Frames = over(float64(t.messages), float64(t.blocks)), over(float64(t.frames), float64(t.blocks))
	r.AllocationsPerVal, r.AllocatedPerByte = over(float64(t.allocations), values), over(float64(t.allocated), payload)
	r.afterFault()
	return r
}

// settling is how long a cluster has after a fault before it is measured again.
const settling = 2.0

// afterFault compares the times before the first and after the last fault.
func (r *Result) afterFault() {
	if len(r.Faults) == 0 {
		return
	}
	first, last := math.Inf(1), 0.0
	for _, f := range r.Faults {
		first, last = min(first, f.At), max(last, f.At)
	}
	var before, after, nBefore, nAfter float64
	for _, m := range r.Timeline {
		switch {
		case m.Second < first:
			before, nBefore = before+m.Rate, nBefore+1
		case m.Second > last+settling:
			after, nAfter = after+m.Rate, nAfter+1
		}
	}
	r.After = over(after, nAfter) * float64(r.Size) / 1e6
	r.AfterRatio = over(over(after, nAfter), over(before, nBefore))
}

// Against sets the ceilings: of all nodes, and of those that a fault leaves.
func (r *Result) Against(all, left float64) {
	r.Ceiling, r.Ratio = all, over(r.Payload, all)
	if left > 0 {
		r.AfterCeiling, r.AfterWire = left, over(r.After, left)
	}
}

// Remembering compares with the same load on a cluster that keeps no log.
func (r *Result) Remembering(forgetful Result) {
	r.LogValues, r.LogP50 = over(r.Values, forgetful.Values), over(r.P50, forgetful.P50)
}

// over is a quotient, 0 where there is nothing to divide by.
func over(a, b float64) float64 {
	if b == 0 || math.IsNaN(a) {
		return 0
	}
	return a / b
}

// Print writes the result as a table for people.
func (r Result) Print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) { fmt.Fprintf(w, "  "+name+"\t"+format+"\n", args...) }
	if r.Network != "" {
		row("network", "%s", r.Network)
	}
	row("values/s", "%.0f", r.Values)
	row("payload", "%.2f MB/s%s", r.Payload, ratio(r.Ratio, r.Ceiling))
	if len(r.Faults) > 0 && r.Faults[0].At > 0 {
		row("after the fault", "%.2f MB/s, %.2f of before%s", r.After, r.AfterRatio, ratio(r.AfterWire, r.AfterCeiling))
	}
	row("latency p50 / p90 / p99 / max", "%.1f / %.1f / %.1f / %.1f ms", r.P50, r.P90, r.P99, r.Max)
	if r.LogValues > 0 {
		row("with the log / without", "%.2f of the values/s, %.2f times the p50", r.LogValues, r.LogP50)
	}
	if r.P50D > 0 {
		row("p50 in one-way delays", "%.2f of %g ms", r.P50D, r.Delay)
	}
	if r.Missing > 0 || r.Refused > 0 || r.Moves > 0 {
		row("unanswered / refused / moves", "%d / %d / %d", r.Missing, r.Refused, r.Moves)
	}
	row("CPU per payload byte / value", "%.1f ns / %.1f µs", r.CPUPerByte, r.CPUPerValue/1000)
	row("CPU per node", "%.1f %% of a core", 100*r.CPU)
	row("sent per payload byte and receiver", "%.3f, of it frames %.3f, pulled %.3f", r.Sent, r.SentFrames, r.Pulled)
	row("blocks/s", "%.1f", r.Blocks)
	row("messages / frames per block", "%.0f / %.0f", r.Messages, r.Frames)
	row("ABA rounds per slot", "%.2f", r.Rounds)
	row("coins", "%d", r.Coins)
	row("fsyncs/s per node", "%.0f", r.Fsyncs)
	row("RSS per node, mean / most", "%.0f / %.0f MB", r.RSSMean, r.RSS)
	row("allocations per value", "%.1f, %.1f B per payload byte", r.AllocationsPerVal, r.AllocatedPerByte)
	return w.Flush()
}

func ratio(part, ceiling float64) string {
	if ceiling == 0 {
		return ""
	}
	return fmt.Sprintf(", %.3f of the ceiling (%.1f MB/s)", part, ceiling)
}

// WriteJSON writes a result, or several: then the last one's members stand on the
// outside, and all of them under "runs".
func WriteJSON(out io.Writer, results ...Result) error {
	enc := json.NewEncoder(out)
	enc.SetIndent("", " ")
	if len(results) == 1 {
		return enc.Encode(results[0])
	}
	var document struct {
		Result
		Runs []Result `json:"runs"`
	}
	if len(results) > 0 {
		document.Result, document.Runs = results[len(results)-1], results
		document.Result.Timeline = nil
	}
	return enc.Encode(document)
}
