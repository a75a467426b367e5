package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/urfave/cli/v2"

	"abad/api/wire"
	"abad/survey"
)

// clusterDocument is what `abad status --cluster --json` prints.
type clusterDocument struct {
	Healthy  bool           `json:"healthy"`
	Verdict  string         `json:"verdict"`
	Spare    int            `json:"spare"` // how many more nodes may fail
	Problems []string       `json:"problems"`
	Nodes    []nodeDocument `json:"nodes"`
}

type nodeDocument struct {
	Node   int          `json:"node"` // -1 if that is not known
	API    string       `json:"api"`
	Error  string       `json:"error,omitempty"`
	Status *wire.Status `json:"status,omitempty"`
}

// showCluster shows all nodes, and fails when the cluster is not as it should be.
func showCluster(c *cli.Context) error {
	targets, err := clusterTargets(c)
	if err != nil {
		return err
	}
	defer closeTargets(targets)
	s, err := surveyWithin(c.Context, targets, c.Duration("wait"))
	if err != nil {
		return err
	}
	if c.Bool("json") {
		err = json.NewEncoder(c.App.Writer).Encode(document(s))
	} else {
		err = printSurvey(c.App.Writer, s)
	}
	if err == nil && len(s.Problems()) > 0 {
		err = errors.New("the cluster is degraded")
		err = hintf(err, "abad doctor --home DIR, on the machine of a node, looks for the cause")
	}
	return err
}

// surveyWithin asks all nodes, and again until nothing is wrong or the time to wait
// is over.
func surveyWithin(ctx context.Context, targets []survey.Target, wait time.Duration) (survey.Survey, error) {
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for {
		s := survey.Ask(ctx, targets)
		s.Compare(ctx, targets)
		if ctx.Err() != nil {
			return s, context.Cause(ctx)
		}
		if len(s.Problems()) == 0 || wait == 0 || pause(waiting, readyPoll) != nil {
			return s, nil
		}
	}
}

func printSurvey(out io.Writer, s survey.Survey) error {
	if err := s.Print(out); err != nil {
		return err
	}
	fmt.Fprintln(out)
	for _, p := range s.Problems() {
		fmt.Fprintf(out, "problem: %s\n", p.Text)
	}
	_, err := fmt.Fprintln(out, s.Verdict())
	return err
}

func document(s survey.Survey) clusterDocument {
	d := clusterDocument{Verdict: s.Verdict(), Spare: s.Spare(), Problems: []string{}}
	for _, p := range s.Problems() {
		d.Problems = append(d.Problems, p.Text)
	}
	d.Healthy = len(d.Problems) == 0
	for _, a := range s.Answers {
		n := nodeDocument{Node: a.Node, API: a.Name}
		if a.Err != nil {
			n.Error = a.Err.Error()
		} else {
			n.Status = &a.Status
		}
		d.Nodes = append(d.Nodes, n)
	}
	return d
}
