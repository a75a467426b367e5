package survey

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"abad/api/wire"
	"abad/bft"
)

// healthy is what a cluster of n nodes says when all is well.
func healthy(n int) Survey {
	s := Survey{Hashes: make([]bft.Hash, n), Common: 7}
	for i := range n {
		st := wire.Status{Node: bft.ID(i), Nodes: n, Faulty: (n - 1) / 3, Height: 7, Certified: 7, Ready: true, Cluster: bft.Hash{1}, Era: 1}
		for j := range n {
			if j != i {
				st.Peers = append(st.Peers, wire.Peer{Node: bft.ID(j), Up: true, RTT: float64(1 + j)})
			}
		}
		s.Hashes[i] = bft.Hash{9}
		s.Answers = append(s.Answers, Answer{Name: fmt.Sprintf("http://node%d", i), Node: i, Status: st})
	}
	return s
}

func (s *Survey) silence(node int) {
	s.Answers[node].Err, s.Answers[node].Status = errors.New("no answer"), wire.Status{}
	s.Hashes[node] = bft.Hash{}
	for i := range s.Answers {
		if s.Answers[i].Err == nil {
			s.setPeer(i, node, func(p *wire.Peer) { p.Up = false })
		}
	}
}

func (s *Survey) setPeer(of, node int, set func(*wire.Peer)) {
	peers := s.Answers[of].Status.Peers
	for i := range peers {
		if int(peers[i].Node) == node {
			set(&peers[i])
		}
	}
}

func TestProblems(t *testing.T) {
	for _, c := range []struct {
		name    string
		spoil   func(*Survey)
		want    string // substring of the first problem; "" for none
		count   int
		verdict string
	}{
		{"healthy", func(s *Survey) {}, "", 0, "healthy: 1 more node may fail"},
		{"one down", func(s *Survey) { s.silence(3) }, "node 3 does not answer: no answer, and no node has a link to it", 1, "degraded, 1 problem: no further node may fail"},
		{"two down", func(s *Survey) { s.silence(3); s.silence(1) }, "node 1 does not answer", 2, "degraded, 2 problems: 2 of 4 nodes are bad, and the cluster survives 1"},
		{"API away", func(s *Survey) { s.Answers[2].Err = errors.New("x") }, "node 2 does not answer: x (3 of 3 nodes have a link to it: only its API", 1, "degraded, 1 problem: no further node may fail"},
		{"cut link", func(s *Survey) {
			s.setPeer(0, 2, func(p *wire.Peer) { p.Up, p.Error = false, "time\nout" })
		}, `no link between nodes 0 and 2: "time\nout"`, 1, "degraded, 1 problem: 1 more node may fail"},
		{"fork", func(s *Survey) { s.Hashes[2] = bft.Hash{8} }, "two logs: block 7 is 09000000 at node 0 and 08000000 at node 2", 1, "degraded, 1 problem: 1 more node may fail"},
		{"other cluster", func(s *Survey) { s.Answers[3].Status.Cluster = bft.Hash{2} }, "http://node3 is in cluster 02000000, and http://node0 in 01000000", 1, ""},
		{"other era", func(s *Survey) { s.Answers[3].Status.Era = 2 }, "node 3 is in era 2, and node 0 in 1", 1, ""},
		{"twice", func(s *Survey) { s.Answers[3] = s.Answers[0] }, "node 0 answers twice", 1, ""},
		{"lost store", func(s *Survey) { s.Answers[1].Status.Ready, s.Answers[1].Status.Silent = false, 12 }, "node 1 lost its store and keeps silent up to epoch 12", 1, ""},
		{"behind", func(s *Survey) { s.Answers[1].Status.Ready, s.Answers[1].Status.Behind = false, 50 }, "node 1 is not ready: it is 50 blocks behind", 1, ""},
		{"uncertified", func(s *Survey) { s.Answers[0].Status.Height += MaxUncertified + 1 }, "node 0 has 65 blocks without a certificate", 1, ""},
		{"uncertified at the limit", func(s *Survey) { s.Answers[0].Status.Height += MaxUncertified }, "", 0, ""},
		{"liar seen by f+1", func(s *Survey) {
			for _, by := range []int{0, 2} {
				s.setPeer(by, 3, func(p *wire.Peer) { p.Faults = 5 })
			}
		}, "node 3 sent what no correct node sends: nodes 0, 2 counted 10 such messages", 1, "degraded, 1 problem: no further node may fail"},
		{"liar seen by f", func(s *Survey) {
			s.setPeer(0, 3, func(p *wire.Peer) { p.Faults = 5 })
		}, "node 3 sent what no correct node sends, or who says so lies: node 0 counted 5 such messages", 1, "degraded, 1 problem: 1 more node may fail"},
		{"not asked and gone", func(s *Survey) {
			s.silence(3)
			s.Answers, s.Hashes = s.Answers[:3], s.Hashes[:3]
		}, "node 3 was not asked, and no node has a link to it", 1, "degraded, 1 problem: no further node may fail"},
		{"not asked and there", func(s *Survey) { s.Answers, s.Hashes = s.Answers[:3], s.Hashes[:3] }, "", 0, "healthy: 1 more node may fail"},
		{"nobody", func(s *Survey) {
			for i := range s.Answers {
				s.Answers[i].Err = errors.New("x")
			}
		}, "node 0 does not answer: x", 4, "no node answers"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := healthy(4)
			c.spoil(&s)
			problems := s.Problems()
			if len(problems) != c.count || c.count > 0 && !strings.HasPrefix(problems[0].Text, c.want) {
				t.Errorf("%d problems, not %d: %v", len(problems), c.count, problems)
			}
			if c.verdict != "" && s.Verdict() != c.verdict {
				t.Errorf("verdict %q, not %q", s.Verdict(), c.verdict)
			}
		})
	}
}

func TestPlausible(t *testing.T) {
	for i := range 4 {
		if !plausible(healthy(4).Answers[i].Status) {
			t.Errorf("node %d of a healthy cluster is refused", i)
		}
	}
	for name, spoil := range map[string]func(*wire.Status){
		"no nodes":       func(s *wire.Status) { s.Nodes = 0 },
		"negative":       func(s *wire.Status) { s.Nodes = -1 },
		"too many":       func(s *wire.Status) { s.Nodes = bft.MaxNodes + 1 },
		"node outside":   func(s *wire.Status) { s.Node = 4 },
		"a peer missing": func(s *wire.Status) { s.Peers = s.Peers[1:] },
		"itself a peer":  func(s *wire.Status) { s.Peers[0].Node = s.Node },
		"other f":        func(s *wire.Status) { s.Faulty = 2 },
	} {
		s := healthy(4).Answers[1].Status
		spoil(&s)
		if plausible(s) {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestPrint(t *testing.T) {
	s := healthy(4)
	s.silence(3)
	var out bytes.Buffer
	if err := s.Print(&out); err != nil {
		t.Fatal(err)
	}
	want := `node  state      height  certified  open  rtt    faults  sees 0123  api
0     ready      7       7          0     3.0ms  0            .++-  http://node0
1     ready      7       7          0     3.0ms  0            +.+-  http://node1
2     ready      7       7          0     2.0ms  0            ++.-  http://node2
3     no answer  -       -          -     -      -            ???.  http://node3
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

func BenchmarkProblems(b *testing.B) {
	s := healthy(40)
	s.silence(7)
	b.ReportAllocs()
	for b.Loop() {
		s.Verdict()
	}
}
