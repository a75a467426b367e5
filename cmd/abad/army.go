package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"abad/bft"
	"abad/client"
	"abad/coin"
	"abad/generals"
	"abad/home"
)

const (
	// realTime bounds a war of processes; building a traitor may take most of it.
	realTime = 5 * time.Minute
	// givenUp is after how long a general who was promised nothing is said to wait
	// for ever. Those who decide need a tenth of a second.
	givenUp = 5 * time.Second
)

// army is a cluster of processes whose operators are generals.
type army struct {
	o      generals.Options
	t      *teller
	nodes  []*process
	apis   []*client.Client
	report *generals.Report

	key     *coin.PublicKey
	cluster bft.Hash
	era     uint64
}

// realGenerals plays on a cluster of processes that is gone afterwards.
func realGenerals(ctx context.Context, o generals.Options, t *teller, errs io.Writer) (err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, realTime, fmt.Errorf("not done after %v", realTime))
	defer cancel()
	dir, err := os.MkdirTemp("", "abad-generals-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	q, err := bft.NewQuorum(o.Generals)
	if err != nil {
		return err
	}
	a := &army{o: o, t: t, report: &generals.Report{Options: o, Quorum: q, Orders: o.Draw(), Actions: make([]generals.Action, o.Generals-o.Traitors)}}
	var traitor string
	if o.Traitors > 0 {
		fmt.Fprintln(errs, "abad: building a daemon that lies")
		if traitor, err = buildTraitor(ctx, dir); err != nil {
			return err
		}
	}
	defer func() { stopAll(context.Background(), a.nodes) }()
	if err := a.muster(ctx, filepath.Join(dir, "cluster"), traitor); err != nil {
		return err
	}
	if err := t.tell(ctx, append(o.Opening(a.report.Orders), generals.Line{})); err != nil {
		return err
	}
	fight := a.fight
	if (o.Threshold != generals.Fraction{}) {
		fight = a.council
	}
	if err := fight(ctx); err != nil {
		return err
	}
	if err := t.tell(ctx, append([]generals.Line{{}}, a.report.Ending()...)); err != nil {
		return err
	}
	return promised(a.report)
}

// muster starts all processes and waits until the loyal ones see each other.
func (a *army) muster(ctx context.Context, dir, traitor string) error {
	homes, _, err := createCluster(dir, a.o.Generals, ports{})
	if err != nil {
		return err
	}
	first, err := home.Load(homes[0].dir)
	if err != nil {
		return err
	}
	a.key, a.cluster, a.era = first.Roster.Group.PublicKey(), first.Roster.Cluster, first.Roster.Era
	for i, h := range homes {
		api, err := client.New(client.Config{URL: h.api})
		if err != nil {
			return err
		}
		start := func() (*process, error) { return startProcess(i, h.dir, h.api, io.Discard) }
		if !a.loyal(i) {
			start = func() (*process, error) { return startTraitor(traitor, i, h, a.o) }
		}
		p, err := start()
		if err != nil {
			return err
		}
		a.nodes, a.apis = append(a.nodes, p), append(a.apis, api)
	}
	if err := a.t.say(ctx, generals.Title, "every general is a process of his own"); err != nil {
		return err
	}
	for i, p := range a.nodes {
		if _, err := awaitReady(ctx, a.apis[i], time.Minute); err != nil {
			return fmt.Errorf("general %d: %w", i+1, err)
		}
		if err := a.t.say(ctx, generals.Plain, "  general %d: pid %d, %s", i+1, p.pid(), p.api); err != nil {
			return err
		}
	}
	return a.t.tell(ctx, []generals.Line{{}})
}

func (a *army) loyal(i int) bool { return i < len(a.report.Actions) }

// mute reports whether a general says nothing; his daemon does not even answer
// what others ask it then.
func (a *army) mute(i int) bool { return !a.loyal(i) && a.o.Lie == generals.Silent }

// fight is one decision for all.
func (a *army) fight(ctx context.Context) error {
	const name = "attack"
	for i := range a.apis {
		if a.mute(i) {
			continue
		}
		if err := a.vote(ctx, i, name, a.loyal(i) && a.report.Orders[i]); err != nil {
			return err
		}
	}
	for i := range a.report.Actions {
		d, err := a.await(ctx, i, name)
		if err != nil {
			return err
		}
		if d.Value == nil {
			if err := a.t.say(ctx, generals.Bad, "  general %d has not decided after %v", i+1, givenUp); err != nil {
				return err
			}
			continue
		}
		a.report.Actions[i] = generals.Action{Known: true, Attack: *d.Value}
		err = a.t.say(ctx, generals.Plain, "  general %d decides to %s: %d votes heard, %d rounds entered, %s, certificate %s... checked",
			i+1, map[bool]string{true: "attack", false: "retreat"}[*d.Value], d.Votes, d.Rounds, shownCoins(d.Coins), d.Proof.Certificate[:shownHash])
		if err != nil {
			return err
		}
	}
	return nil
}

// vote casts a node's vote; it may come too late where traitors are too many.
func (a *army) vote(ctx context.Context, node int, name string, v bool) error {
	_, err := a.apis[node].Vote(ctx, name, v)
	var refused *client.Error
	if errors.As(err, &refused) && refused.Status == http.StatusConflict {
		return nil
	}
	if err != nil {
		return fmt.Errorf("general %d votes: %w", node+1, err)
	}
	return nil
}

// await waits for a decision, and checks its certificate. One without a value did
// not come in time, which only those may say who were promised nothing.
func (a *army) await(ctx context.Context, node int, name string) (client.Decision, error) {
	waiting, cancel := ctx, context.CancelFunc(func() {})
	if !a.report.Protected() {
		waiting, cancel = context.WithTimeout(ctx, givenUp)
	}
	defer cancel()
	d, err := a.apis[node].WaitDecision(waiting, name)
	if err != nil && ctx.Err() == nil && waiting.Err() != nil {
		return client.Decision{}, nil
	}
	if err == nil {
		err = client.VerifyDecision(a.key, a.cluster, a.era, d)
	}
	if err != nil {
		return d, fmt.Errorf("general %d decides on %q: %w", node+1, name, err)
	}
	return d, nil
}

// council is one decision for each general, and then each counts; see package
// generals. Here the operators carry the letters, and none is lost.
func (a *army) council(ctx context.Context) error {
	names := make([]string, a.o.Generals)
	for i := range names {
		names[i] = fmt.Sprintf("general %d attacks", i+1)
		for node := range a.apis {
			if a.mute(i) || a.mute(node) {
				continue
			}
			if err := a.vote(ctx, node, names[i], a.promise(i, node)); err != nil {
				return err
			}
		}
	}
	for i, name := range names {
		for node := range a.report.Actions {
			if a.mute(i) { // no letter has come
				if err := a.vote(ctx, node, name, false); err != nil {
					return err
				}
			}
		}
	}
	for node := range a.report.Actions {
		if err := a.count(ctx, node, names); err != nil {
			return err
		}
	}
	return nil
}

// promise is what general i has told a node that he will do.
func (a *army) promise(i, node int) bool {
	if a.loyal(i) {
		return a.report.Orders[i]
	}
	return a.o.Half(bft.ID(node))
}

// count waits for all decisions at a node and draws the conclusion.
func (a *army) count(ctx context.Context, node int, names []string) error {
	action := generals.Action{Known: true}
	for _, name := range names {
		d, err := a.await(ctx, node, name)
		if err != nil {
			return err
		}
		if d.Value == nil {
			return a.t.say(ctx, generals.Bad, "  general %d has not decided whether %s after %v", node+1, name, givenUp)
		}
		if *d.Value {
			action.Count++
		}
	}
	action.Attack = action.Count >= a.o.Threshold.Of(a.o.Generals)
	a.report.Actions[node] = action
	return a.t.say(ctx, generals.Plain, "  general %d counts on %d, where %d are needed", node+1, action.Count, a.o.Threshold.Of(a.o.Generals))
}
