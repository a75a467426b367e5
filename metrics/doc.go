// Package metrics gives a node's figures to Prometheus, in its text format, under
// names that follow its conventions: the prefix abad_, base units (seconds, bytes),
// _total for what only grows from the start of the process.
//
// A scrape reads counters that the node keeps anyway; nothing is counted twice and
// nothing waits for a scrape. Only latencies and rounds are observed as they happen,
// in histograms that [Metrics.Meters] hands to the node. What only the driver knows
// is asked of it, and if it does not answer within [patience] those metrics are left
// out and abad_driver_answers is 0: a node that is stuck still tells about itself.
//
// Labels are bounded: peer and proposer by the roster, kind, cause, outcome, part and
// route by lists in the program. Every series is there from the first scrape on, at
// zero, so that rates and alerts see the first event.
//
// Names are for ever: dashboards and alerts of others depend on them.
package metrics
