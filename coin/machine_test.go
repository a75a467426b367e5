package coin_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"abad/bft"
	"abad/coin"
	"abad/coin/cointest"
)

func quorum(t testing.TB, n int) bft.Quorum {
	t.Helper()
	q, err := bft.NewQuorum(n)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func realSigners(t testing.TB, n, threshold int) []coin.Signer {
	t.Helper()
	group, secrets, err := coin.Deal(n, threshold, rand.NewChaCha8([32]byte{1}))
	if err != nil {
		t.Fatal(err)
	}
	signers := make([]coin.Signer, n)
	for i, s := range secrets {
		if signers[i], err = coin.NewKey(group, s); err != nil {
			t.Fatal(err)
		}
	}
	return signers
}

// both runs a test with real keys and with fake ones.
func both(t *testing.T, n int, test func(t *testing.T, q bft.Quorum, signers []coin.Signer)) {
	q := quorum(t, n)
	t.Run("real", func(t *testing.T) { test(t, q, realSigners(t, n, q.Amplify())) })
	t.Run("fake", func(t *testing.T) { test(t, q, cointest.Signers(n, q.Amplify(), 1)) })
}

// counter is a signer that counts what is asked of it.
type counter struct {
	coin.Signer
	signs, combines, verifies int
}

func (c *counter) Sign(msg []byte) []byte {
	c.signs++
	return c.Signer.Sign(msg)
}

func (c *counter) Combine(msg []byte, shares []coin.Share) ([]byte, error) {
	c.combines++
	return c.Signer.Combine(msg, shares)
}

func (c *counter) VerifyShare(from bft.ID, msg, share []byte) error {
	c.verifies++
	return c.Signer.VerifyShare(from, msg, share)
}

func input(t testing.TB, m *coin.Machine, in coin.In) coin.Step {
	t.Helper()
	s, err := m.Input(in)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// silent fails unless a step says nothing.
func silent(t *testing.T, what string, s coin.Step) {
	t.Helper()
	if len(s.Send)+len(s.Out)+len(s.Faults) != 0 {
		t.Errorf("%s: %+v", what, s)
	}
}

func blames(s coin.Step, peer bft.ID, why error) bool {
	return len(s.Faults) == 1 && s.Faults[0].Peer == peer && errors.Is(s.Faults[0].Why, why)
}

func TestCoinIsTheBitOfTheSignature(t *testing.T) {
	both(t, 4, func(t *testing.T, q bft.Quorum, signers []coin.Signer) {
		name := []byte("name")
		sig, err := signers[0].Combine(name, []coin.Share{{From: 2, Sig: signers[2].Sign(name)}, {From: 3, Sig: signers[3].Sign(name)}})
		if err != nil {
			t.Fatal(err)
		}
		m := coin.New(q, signers[0], name)
		silent(t, "reveal without shares", input(t, m, coin.Reveal))
		silent(t, "one share of two", m.Handle(1, signers[1].Sign(name)))
		if _, known := m.Value(); known || m.Done() {
			t.Fatal("known from one share of two")
		}
		s := m.Handle(0, signers[0].Sign(name))
		bit, known := m.Value()
		if !known || bit != coin.Bit(sig) || !slices.Equal(s.Out, []bool{bit}) {
			t.Fatalf("out %v, value %v, %v", s.Out, bit, known)
		}
		if m.Done() {
			t.Error("done with its own share unsent")
		}
		s = input(t, m, coin.Release)
		if len(s.Send) != 1 || s.Send[0].To != bft.Everyone || !bytes.Equal(s.Send[0].Msg, signers[0].Sign(name)) || len(s.Out) != 0 {
			t.Errorf("release: %+v", s)
		}
		if !m.Done() {
			t.Error("not done")
		}
		silent(t, "a late share", m.Handle(3, signers[3].Sign(name)))
		silent(t, "release again", input(t, m, coin.Release))
		silent(t, "reveal again", input(t, m, coin.Reveal))
	})
}

// With f = 0 one share is enough, and a cluster of one works.
func TestCoinOfOneNode(t *testing.T) {
	both(t, 1, func(t *testing.T, q bft.Quorum, signers []coin.Signer) {
		m := coin.New(q, signers[0], []byte("name"))
		silent(t, "reveal", input(t, m, coin.Reveal))
		s := m.Handle(0, input(t, m, coin.Release).Send[0].Msg)
		if len(s.Out) != 1 || !m.Done() {
			t.Errorf("%+v", s)
		}
	})
}

// Before Reveal shares are only recorded; when nobody lies, one combination is
// all, and no share is checked on its own.
func TestNothingDearBeforeReveal(t *testing.T) {
	q := quorum(t, 7)
	signers := realSigners(t, 7, q.Amplify())
	name := []byte("name")
	count := &counter{Signer: signers[0]}
	m := coin.New(q, count, name)
	for i, s := range signers {
		silent(t, "before reveal", m.Handle(bft.ID(i), s.Sign(name)))
	}
	if count.combines+count.verifies+count.signs != 0 {
		t.Errorf("before reveal: %+v", count)
	}
	if s := input(t, m, coin.Reveal); len(s.Out) != 1 {
		t.Errorf("reveal: %+v", s)
	}
	input(t, m, coin.Release)
	input(t, m, coin.Release)
	if count.combines != 1 || count.verifies != 0 || count.signs != 1 {
		t.Errorf("in all: %+v", count)
	}
}

func TestFirstShareWins(t *testing.T) {
	both(t, 4, func(t *testing.T, q bft.Quorum, signers []coin.Signer) {
		name := []byte("name")
		m := coin.New(q, signers[0], name)
		right := signers[1].Sign(name)
		for _, size := range []int{0, coin.SignatureSize - 1, coin.SignatureSize + 1, 1 << 20} {
			if s := m.Handle(1, make(coin.Msg, size)); !blames(s, 1, coin.ErrBadShare) {
				t.Errorf("%d bytes: %+v", size, s)
			}
		}
		buffer := slices.Clone(right)
		silent(t, "the right share after malformed ones", m.Handle(1, buffer))
		clear(buffer) // the driver may use its buffer again
		silent(t, "the same share again", m.Handle(1, right))
		if s := m.Handle(1, signers[1].Sign([]byte("other"))); !blames(s, 1, coin.ErrConflict) {
			t.Errorf("a second share: %+v", s)
		}
		input(t, m, coin.Reveal)
		if s := m.Handle(2, signers[2].Sign(name)); len(s.Out) != 1 || len(s.Faults) != 0 {
			t.Errorf("the first share did not win: %+v", s)
		}
	})
}

func TestUnknownInput(t *testing.T) {
	m := coin.New(quorum(t, 1), cointest.Signers(1, 1, 1)[0], nil)
	for _, in := range []coin.In{0, coin.Reveal + 1} {
		if s, err := m.Input(in); !errors.Is(err, coin.ErrInput) || len(s.Send) != 0 {
			t.Errorf("%v: %+v, %v", in, s, err)
		}
	}
}

// Liars are blamed once each, for what they are, and do not hold up the coin; no
// share is checked twice.
func TestLiarsAreBlamed(t *testing.T) {
	both(t, 7, func(t *testing.T, q bft.Quorum, signers []coin.Signer) {
		name := []byte("name")
		count := &counter{Signer: signers[6]}
		m := coin.New(q, count, name)
		input(t, m, coin.Reveal)
		lie := signers[0].Sign([]byte("another coin"))
		silent(t, "first liar", m.Handle(0, lie))
		silent(t, "right share", m.Handle(5, signers[5].Sign(name)))
		if s := m.Handle(3, signers[3].Sign(name)); !blames(s, 0, coin.ErrBadShare) || len(s.Out) != 0 {
			t.Errorf("first liar: %+v", s)
		}
		silent(t, "the same lie", m.Handle(0, lie))
		if s := m.Handle(0, signers[0].Sign(name)); !blames(s, 0, coin.ErrConflict) {
			t.Errorf("the truth after a lie: %+v", s)
		}
		if s := m.Handle(1, bytes.Repeat([]byte{0xff}, coin.SignatureSize)); !blames(s, 1, coin.ErrBadShare) || len(s.Out) != 0 {
			t.Errorf("second liar: %+v", s)
		}
		s := m.Handle(6, signers[6].Sign(name))
		if len(s.Out) != 1 || len(s.Faults) != 0 {
			t.Errorf("after the liars: %+v", s)
		}
		if count.combines != 3 || count.verifies != 4 {
			t.Errorf("%d combinations and %d checks, want 3 and 4", count.combines, count.verifies)
		}
	})
}

// Agreement and blame, whatever the order: any f nodes lie, reveals and releases
// come at any time, everything is delivered in any order, some of it twice.
func TestAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 10).Draw(t, "n")
		q, _ := bft.NewQuorum(n)
		signers := cointest.Signers(n, q.Amplify(), rapid.Uint64().Draw(t, "seed"))
		name := rapid.SliceOf(rapid.Byte()).Draw(t, "name")
		liars := rapid.SliceOfNDistinct(rapid.IntRange(0, n-1), 0, q.Faulty(), rapid.ID).Draw(t, "liars")

		type event func(m *coin.Machine) coin.Step
		var events []event
		for i, signer := range signers {
			share := coin.Msg(signer.Sign(name))
			if slices.Contains(liars, i) {
				share = signer.Sign(append([]byte("not "), name...))
			}
			deliver := func(m *coin.Machine) coin.Step { return m.Handle(bft.ID(i), share) }
			events = append(events, deliver, deliver)
		}
		for _, in := range []coin.In{coin.Release, coin.Reveal} {
			events = append(events, func(m *coin.Machine) coin.Step {
				s, err := m.Input(in)
				if err != nil {
					t.Fatal(err)
				}
				return s
			})
		}
		var first *bool
		for range 3 {
			m := coin.New(q, signers[0], name)
			sent, blamed := 0, map[bft.ID]int{}
			var out []bool
			for _, event := range rapid.Permutation(events).Draw(t, "order") {
				s := event(m)
				sent += len(s.Send)
				out = append(out, s.Out...)
				for _, f := range s.Faults {
					blamed[f.Peer]++
				}
			}
			if len(out) != 1 || sent != 1 || !m.Done() {
				t.Fatalf("%d values, %d messages, done: %v", len(out), sent, m.Done())
			}
			if first == nil {
				first = &out[0]
			}
			if out[0] != *first {
				t.Fatal("two orders, two coins")
			}
			for peer, times := range blamed {
				if times != 1 || !slices.Contains(liars, int(peer)) {
					t.Fatalf("node %d blamed %d times", peer, times)
				}
			}
		}
	})
}

// A coin falls on both sides, about evenly; names, not luck, make it.
func TestCoinsAreFair(t *testing.T) {
	q := quorum(t, 4)
	heads := 0
	const tosses = 1000
	signers := cointest.Signers(4, q.Amplify(), 1)
	for round := range tosses {
		name := coin.EpochMessage(bft.Hash{}, 0, 0, 0, uint32(round))
		m := coin.New(q, signers[0], name)
		input(t, m, coin.Reveal)
		m.Handle(1, signers[1].Sign(name))
		m.Handle(2, signers[2].Sign(name))
		if bit, _ := m.Value(); bit {
			heads++
		}
	}
	// Five standard deviations are 79.
	if heads < tosses/2-79 || heads > tosses/2+79 {
		t.Errorf("%d of %d are 1", heads, tosses)
	}
}

func BenchmarkMachine(b *testing.B) {
	for _, n := range []int{4, 16, 64} {
		q := quorum(b, n)
		for kind, signers := range map[string][]coin.Signer{
			"real": realSigners(b, n, q.Amplify()),
			"fake": cointest.Signers(n, q.Amplify(), 1),
		} {
			name := coin.EpochMessage(bft.Hash{}, 0, 0, 0, 3)
			var shares []coin.Msg
			for _, s := range signers {
				shares = append(shares, s.Sign(name))
			}
			b.Run(fmt.Sprintf("%s/n=%d", kind, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					m := coin.New(q, signers[0], name)
					input(b, m, coin.Release)
					input(b, m, coin.Reveal)
					for i, share := range shares {
						m.Handle(bft.ID(i), share)
					}
				}
			})
		}
	}
}
