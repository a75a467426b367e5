// Package teeth shows how sharp the simulator is: it plants known bugs, one at a
// time, and counts the seeds that the simulator needs to find each.
//
// A bug is a replacement of text in a source file. The patched copy lives in a
// temporary directory and the go command compiles it in the original's place
// (`go build -overlay`), into a program that runs seeds until one fails. So the
// protocols' code has no hook, no switch and no test-only branch, and no bug can
// be reached from the daemon.
//
// The text to replace must occur exactly once. When the code moves on, the bug
// must move with it, or its test fails.
package teeth
