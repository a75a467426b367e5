package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"abad/home"
	"abad/net"
)

// The bounds. They are for advice: nothing of the protocol depends on them.
const (
	// clockSkew is what two clocks may differ by before log lines of two machines
	// no longer read as one story.
	clockSkew = 3 * time.Second
	// clockStep is more than a clock is slewed by while the doctor looks at it.
	clockStep = 100 * time.Millisecond
	// manyFiles is what the API's 10240 connections, the store and the links need.
	manyFiles = 16384
	// slowSync is a disk sync of which a block's latency would notice: votes wait
	// for one at every hop.
	slowSync = 10 * time.Millisecond
	// leastFree is where the store stops to write, littleFree where an operator
	// should act.
	leastFree  = 256 << 20
	littleFree = 4 << 30
)

// clock compares the wall clock with the monotonic one, and with those of peers
// whose APIs answer here.
func (e *examination) clock(ctx context.Context) {
	began := time.Now()
	compared, worst := e.compareClocks(ctx)
	ended := time.Now()
	const do = "run chrony or another NTP client; the protocol reads no clock, but people read logs"
	if step := ended.Round(0).Sub(began.Round(0)) - ended.Sub(began); step.Abs() > clockStep {
		e.warn("clock", do, "it was set by %v while the doctor looked at it", step)
		return
	}
	switch {
	case ended.Year() < 2025:
		e.warn("clock", do, "it says %s", ended.UTC().Format(time.RFC3339))
	case worst.Abs() > clockSkew:
		e.warn("clock", do, "it differs from a peer's by %v", worst.Round(time.Second))
	case compared > 0:
		e.ok("clock", "%s, within %v of %d peers", ended.UTC().Format(time.RFC3339), clockSkew, compared)
	default:
		e.ok("clock", "%s; no peer's API is in reach to compare it", ended.UTC().Format(time.RFC3339))
	}
}

// compareClocks reads the Date header (RFC 9110, section 6.6.1) of the peers' APIs
// that the roster names.
func (e *examination) compareClocks(ctx context.Context) (compared int, worst time.Duration) {
	if e.home == nil {
		return 0, 0
	}
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	web := &http.Client{}
	defer web.CloseIdleConnections()
	var asking sync.WaitGroup
	var mu sync.Mutex
	for i, n := range e.home.Roster.Nodes {
		if n.API == "" || i == int(e.home.Self) {
			continue
		}
		asking.Go(func() {
			skew, err := skewOf(limited, web, home.APIURL(n.API))
			if err != nil {
				return // links and peers are other checks
			}
			mu.Lock()
			defer mu.Unlock()
			compared++
			if skew.Abs() > worst.Abs() {
				worst = skew
			}
		})
	}
	asking.Wait()
	return compared, worst
}

// skewOf is by how much a peer's clock is behind this one at least.
func skewOf(ctx context.Context, web *http.Client, url string) (time.Duration, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, url+"/healthz", nil)
	if err != nil {
		return 0, err
	}
	asked := time.Now()
	resp, err := web.Do(req)
	if err != nil {
		return 0, err
	}
	answered := time.Now()
	resp.Body.Close()
	date, err := http.ParseTime(resp.Header.Get("Date"))
	return skew(asked, date, answered), err
}

// skew is what a date of whole seconds, written between two times of this clock,
// says for certain: neither a slow peer nor a slow network is a wrong clock.
func skew(asked, date, answered time.Time) time.Duration {
	if ahead := date.Sub(answered); ahead > 0 {
		return -ahead
	}
	return max(0, asked.Sub(date.Add(time.Second)))
}

func (e *examination) buffers() {
	receive, send, wanted, err := net.Buffers()
	switch {
	case err != nil:
		e.warn("buffers", "", "the sizes of UDP buffers are unknown: %v", err)
	case min(receive, send) < wanted:
		e.warn("buffers", fmt.Sprintf("sysctl -w net.core.rmem_max=%d net.core.wmem_max=%d, and in /etc/sysctl.d for ever", wanted, wanted),
			"UDP buffers of %d KiB in and %d KiB out, and %d KiB are wanted: packets get lost under load", receive>>10, send>>10, wanted>>10)
	default:
		e.ok("buffers", "UDP buffers of %d KiB in and %d KiB out", receive>>10, send>>10)
	}
}

func (e *examination) descriptors() {
	limit, err := openFiles()
	switch {
	case errors.Is(err, errors.ErrUnsupported):
	case err != nil:
		e.warn("limits", "", "the limit of open files is unknown: %v", err)
	case limit < manyFiles:
		e.warn("limits", fmt.Sprintf("LimitNOFILE=%d in the unit, or ulimit -n %d", manyFiles, manyFiles),
			"%d files may be open at once: many clients at once will be refused", limit)
	default:
		e.ok("limits", "%d files may be open at once", limit)
	}
}

// disk times a sync and looks at the space.
func (e *examination) disk() {
	dir := e.Dir
	if e.home != nil {
		dir = e.home.Data()
	}
	took, err := timeSync(dir)
	switch {
	case err != nil:
		e.fail("disk", "run the doctor as the user of the node, and look at the mount", "cannot write there: %v", err)
	case took > slowSync:
		e.warn("disk", "put the store on an SSD of its own; every vote waits for a sync", "a sync takes %v", took.Round(10*time.Microsecond))
	default:
		e.ok("disk", "a sync takes %v", took.Round(10*time.Microsecond))
	}
	free, err := freeSpace(dir)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
	case err != nil:
		e.warn("disk", "", "the free space is unknown: %v", err)
	case free < leastFree:
		e.fail("disk", "make room, or set retain in config.toml", "%d MiB are free: the node stops below %d", free>>20, leastFree>>20)
	case free < littleFree:
		e.warn("disk", "make room, or set retain in config.toml", "%d MiB are free", free>>20)
	default:
		e.ok("disk", "%d GiB are free", free>>30)
	}
}

// syncs is how many writes are timed: enough for a median, and over in a second on
// the slowest disk that is of use.
const syncs = 15

// timeSync is the median time of a small write with a sync, in a file that is gone
// afterwards.
func timeSync(dir string) (median time.Duration, err error) {
	f, err := os.CreateTemp(dir, ".doctor-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(filepath.Clean(f.Name()))) }()
	block := make([]byte, 4<<10)
	var times []time.Duration
	for range syncs {
		began := time.Now()
		if _, err := f.Write(block); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		times = append(times, time.Since(began))
	}
	slices.Sort(times)
	return times[len(times)/2], nil
}
