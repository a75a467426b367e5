// Package soak runs real daemons and hurts them: it kills, stops and starves the
// processes while clients submit and read over HTTP, and then looks whether
// anything was lost, doubled or contradicted. There is nothing in it but tests.
//
// In CI each test is seconds long. With ABAD_SOAK set to a duration, as
// `make soak-kill` does, the loops last that long.
package soak
