package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"time"

	"github.com/urfave/cli/v2"

	"abad/api/wire"
	"abad/batch"
	"abad/client"
	"abad/coin"
)

// inFlight is how many values of one command wait for their blocks at a time:
// enough to fill batches, and little for a node, which takes thousands.
const inFlight = 256

func submitCommand() *cli.Command {
	return &cli.Command{
		Name:      "submit",
		Usage:     "submit values and wait until they are in blocks",
		UsageText: "abad submit [OPTIONS] VALUE...\nabad submit [OPTIONS] -              one value per line of standard input\nabad submit [OPTIONS] --file FILE    the file as one value",
		Description: "It prints block, index, id and latency for each value, in the order in which they were given,\n" +
			"and \"ahead\" where the node is behind and does not have the block yet, but others do;\n" +
			"the exit code is 0 only if all are decided. Values of one command are under way together and\n" +
			"may be decided in any order. A value submitted again under its id is in the log once.\n\n" +
			"Examples:\n   abad submit hello\n   seq 1000 | abad submit -\n   abad submit --file photo.jpg --json --api http://127.0.0.1:7502",
		Flags: []cli.Flag{
			apiFlag(),
			&cli.StringFlag{Name: "id", Usage: "`ID` of the value, 32 hexadecimal digits", DefaultText: "random"},
			&cli.StringFlag{Name: "file", TakesFile: true, Usage: "`FILE` whose bytes are the value"},
			&cli.DurationFlag{Name: "timeout", Value: 30 * time.Second, Usage: "how long a value may take"},
			&cli.BoolFlag{Name: "json", Usage: "print one JSON object per value"},
			&cli.BoolFlag{Name: "verify", Usage: "have each value proved, with --key, so that the node need not be trusted"},
			keyFlag(false),
		},
		Action: submit,
	}
}

func submit(c *cli.Context) error {
	given, err := values(c)
	if err != nil {
		return err
	}
	id, err := idFlag(c)
	if err != nil {
		return err
	}
	if c.Duration("timeout") <= 0 {
		return usagef("--timeout: %v is not a time to wait", c.Duration("timeout"))
	}
	node, err := newClient(c)
	if err != nil {
		return err
	}
	defer node.Close()
	// Submissions wait for a node that is away or busy; this says so if it never was there.
	if _, err := node.Status(c.Context); err != nil && !busy(err) {
		return apiError(c.String("api"), err)
	}
	var key *coin.PublicKey
	if c.Bool("verify") {
		if !c.IsSet("key") {
			return hintf(usagef("--verify needs --key"), "take the key, or cluster.toml, from somebody you trust")
		}
		if key, err = publicKey(c.String("key")); err != nil {
			return err
		}
	}
	s := &submitter{
		key:  key,
		node: node, id: id, url: c.String("api"), timeout: c.Duration("timeout"),
		out: c.App.Writer, errs: c.App.ErrWriter, json: c.Bool("json"), many: c.NArg() > 1 || c.Args().First() == "-",
	}
	return s.run(c.Context, given)
}

// idFlag is --id, or nil where every value gets one of its own.
func idFlag(c *cli.Context) (*batch.ValueID, error) {
	if !c.IsSet("id") {
		return nil, nil
	}
	if c.NArg() > 1 || c.Args().First() == "-" {
		return nil, usagef("--id names one value, and there are more")
	}
	id := new(batch.ValueID)
	if err := id.UnmarshalText([]byte(c.String("id"))); err != nil {
		return nil, usageError{fmt.Errorf("--id: %q: %w", c.String("id"), err)}
	}
	return id, nil
}

// submitter sends values and tells where they came out.
type submitter struct {
	node    *client.Client
	id      *batch.ValueID
	url     string
	timeout time.Duration
	out     io.Writer
	errs    io.Writer
	json    bool
	key     *coin.PublicKey // nil: the node is believed
	many    bool            // more than one value was given, so errors say which is meant

	pending []chan outcome // one for each value under way, in the order given
	count   int            // values that have an outcome
	failed  int
	gone    error // why no further values are worth trying
}

// outcome is what became of a value.
type outcome struct {
	receipt wire.Receipt
	err     error
}

// item is a value as it was given, or what is wrong with it.
type item struct {
	value []byte
	err   error
}

// run submits up to inFlight values at a time and prints in the order in which
// they came.
func (s *submitter) run(ctx context.Context, given iter.Seq2[[]byte, error]) error {
	// Nothing can end a read of a terminal, so nobody waits for this goroutine: the
	// process ends with it.
	items, done := make(chan item), make(chan struct{})
	defer close(done)
	go func() {
		defer close(items)
		for value, err := range given {
			select {
			case items <- item{value, err}:
			case <-done:
				return
			}
		}
	}()
	more := true
	for {
		next, head := items, chan outcome(nil)
		if !more || s.gone != nil || len(s.pending) == inFlight {
			next = nil
		}
		if len(s.pending) > 0 {
			head = s.pending[0]
		}
		if next == nil && head == nil {
			return s.verdict()
		}
		select {
		case i, ok := <-next:
			if more = ok; ok {
				s.launch(ctx, i)
			}
		case o := <-head:
			s.pending = s.pending[1:]
			s.note(o)
		case <-ctx.Done():
			return hintf(context.Cause(ctx), "%d values were under way, and may be decided all the same", len(s.pending))
		}
	}
}

func (s *submitter) launch(ctx context.Context, i item) {
	result := make(chan outcome, 1)
	s.pending = append(s.pending, result)
	if i.err != nil {
		result <- outcome{err: i.err}
		return
	}
	go func() { result <- s.submit(ctx, i.value) }()
}

func (s *submitter) submit(ctx context.Context, value []byte) outcome {
	id := client.NewID()
	if s.id != nil {
		id = *s.id
	}
	why := fmt.Errorf("not decided after %v", s.timeout)
	ctx, cancel := context.WithTimeoutCause(ctx, s.timeout, why)
	defer cancel()
	receipt, err := s.node.SubmitID(ctx, id, value)
	if err == nil && s.key != nil {
		err = s.verify(ctx, receipt, value)
	}
	return outcome{receipt, apiError(s.url, err)}
}

// verify has a value proved. A node that is behind is asked until it has the block.
func (s *submitter) verify(ctx context.Context, r wire.Receipt, value []byte) error {
	for {
		_, err := s.node.Verify(ctx, s.key, batch.Value{ID: r.ID, Payload: value})
		var refused *client.Error
		if !r.Ahead || !errors.As(err, &refused) || refused.Status != http.StatusNotFound {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("it is in block %d, which the node does not have yet: %w", r.Block, err)
		case <-time.After(time.Second):
		}
	}
}

// note tells what became of the next value.
func (s *submitter) note(o outcome) {
	s.count++
	err := o.err
	if err == nil {
		err = s.print(o.receipt)
	}
	if err == nil {
		return
	}
	s.failed++
	switch {
	case s.gone != nil: // and this one went with the node
	case !s.many:
		s.gone = err
	case refused(err):
		fmt.Fprintf(s.errs, "abad: error: value %d: %v\n", s.count, err)
	default:
		s.gone = fmt.Errorf("value %d: %w", s.count, err)
	}
}

// refused reports whether an error is about one value alone, so that the others
// are still worth submitting.
func refused(err error) bool {
	var unsettled *client.Unsettled
	return errors.Is(err, errLine) || !errors.As(err, &unsettled)
}

func (s *submitter) print(r wire.Receipt) error {
	if s.json {
		return json.NewEncoder(s.out).Encode(r)
	}
	note := ""
	if r.Ahead {
		note = " ahead"
	}
	_, err := fmt.Fprintf(s.out, "%d %d %s %s%s\n", r.Block, r.Index, r.ID, milliseconds(r.MS), note)
	return err
}

// verdict is an error unless all values are in blocks.
func (s *submitter) verdict() error {
	switch {
	case s.gone != nil:
		return s.gone
	case s.count == 0:
		return errors.New("no value: the input is empty")
	case s.failed > 0:
		return fmt.Errorf("%d of %d values were refused", s.failed, s.count)
	}
	return nil
}
