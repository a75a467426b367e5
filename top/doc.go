// Package top is the live view of a cluster in a terminal: nodes, links, speed,
// latency and the epochs under way, once a second.
//
// A [Sample] is what was asked at one moment; a [Model] draws the newest one
// (charm.land/bubbletea). Without a terminal [Sample.Print] writes one plain picture.
package top
