package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
)

// Ceiling runs bare processes, which the commands start, and gives what a broadcast
// between them moves: megabytes per second of payload, each byte of which all other
// processes receive. A command has to run [Wire.Run] on its standard input and
// output.
func Ceiling(ctx context.Context, commands []*exec.Cmd) (float64, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	n := len(commands)
	if n < 2 {
		return 0, errors.New("one process alone has nobody to send to")
	}
	results, errs := make([]WireResult, n), make([]error, n)
	var ready, all sync.WaitGroup
	ready.Add(n)
	begin := make(chan struct{})
	for i, cmd := range commands {
		all.Go(func() {
			errs[i] = one(ctx, cmd, &results[i], sync.OnceFunc(ready.Done), begin)
			if errs[i] != nil {
				errs[i] = fmt.Errorf("bare process %d: %w", i, errs[i])
				cancel() // without it the others would wait
			}
		})
	}
	ready.Wait()
	close(begin)
	all.Wait()
	var rate float64
	for i, r := range results {
		if errs[i] != nil {
			return 0, errors.Join(errs...)
		}
		rate += float64(r.Bytes) / r.Seconds
	}
	return rate / float64(n-1) / 1e6, nil
}

// one runs a process: it says that it is ready, is told to begin with all others,
// and says what it has counted.
func one(ctx context.Context, cmd *exec.Cmd, result *WireResult, ready func(), begin <-chan struct{}) error {
	defer ready()
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { cmd.Process.Kill() })
	defer stop()
	lines := bufio.NewReader(out)
	_, err = lines.ReadString('\n')
	if err == nil {
		ready()
		<-begin
		_, err = io.WriteString(in, "go\n")
	}
	if err == nil {
		err = json.NewDecoder(lines).Decode(result)
	}
	if err != nil {
		cmd.Process.Kill()
	}
	if ended := cmd.Wait(); err == nil {
		err = ended
	}
	return err
}
