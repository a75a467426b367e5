package flp

import (
	"crypto/sha512"
	"fmt"
	"strings"

	"abad/aba"
	"abad/bft"
	"abad/coin"
	"abad/coin/cointest"
)

// Coin says where the bit of a random round comes from.
type Coin uint8

// The coins.
const (
	None   Coin = iota // a public function of the round: a fixed schedule for ever
	Local              // every node tosses for itself (Ben-Or, PODC 1983)
	Common             // a threshold signature, the same everywhere, unknown before f+1 nodes ask
)

// Coins lists them in the order of the tables.
func Coins() []Coin { return []Coin{None, Local, Common} }

func (c Coin) String() string {
	if c > Common {
		return fmt.Sprintf("coin(%d)", uint8(c))
	}
	return [...]string{"none", "local", "common"}[c]
}

// MarshalText gives the name.
func (c Coin) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText takes a name.
func (c *Coin) UnmarshalText(text []byte) error {
	parsed, err := ParseCoin(string(text))
	if err == nil {
		*c = parsed
	}
	return err
}

// ParseCoin finds a coin by its name.
func ParseCoin(name string) (Coin, error) {
	var known []string
	for _, c := range Coins() {
		if c.String() == name {
			return c, nil
		}
		known = append(known, c.String())
	}
	return 0, fmt.Errorf("there is no coin %q, but %s", name, strings.Join(known, ", "))
}

// signers deals the keys behind a coin to n nodes.
func (c Coin) signers(q bft.Quorum, seed uint64) []coin.Signer {
	signers := cointest.Signers(q.All(), q.Amplify(), seed)
	for i, s := range signers {
		switch c {
		case None:
			signers[i] = public{s}
		case Local:
			signers[i] = private{s}
		case Common:
		}
	}
	return signers
}

// public combines to what everybody could have computed beforehand.
type public struct{ coin.Signer }

func (p public) Combine(msg []byte, shares []coin.Share) ([]byte, error) {
	if _, err := p.Signer.Combine(msg, shares); err != nil {
		return nil, err
	}
	return publicSignature(msg), nil
}

func publicSignature(msg []byte) []byte {
	digest := sha512.Sum384(msg)
	return digest[:]
}

// private makes a coin of one share, the node's own.
type private struct{ coin.Signer }

func (p private) Threshold() int { return 1 }

func (p private) Combine(_ []byte, shares []coin.Share) ([]byte, error) {
	return shares[0].Sig, nil
}

// tosser is a node that tosses for itself, and only while it waits for a coin:
// then its own share, once sent, reaches it, and no other share ever does.
type tosser struct {
	*aba.Machine
	self bft.ID
}

func (t tosser) Handle(from bft.ID, msg aba.Msg) aba.Step {
	if msg.Kind == aba.Share && (from != t.self || int(msg.Round) != t.Rounds()-1) {
		return aba.Step{}
	}
	return t.Machine.Handle(from, msg)
}
