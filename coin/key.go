package coin

import (
	"errors"
	"fmt"

	"abad/bft"
	"abad/coin/bls12381"
)

// ErrKey says that a secret is not a share of a group's key.
var ErrKey = errors.New("coin: the secret share does not belong to this group")

// Key is a group and one node's secret: the real [Signer]. It is safe for
// concurrent use.
type Key struct {
	group  Group
	secret Secret
}

var (
	_ Signer   = (*Key)(nil)
	_ Verifier = (*Key)(nil)
)

// NewKey checks that the secret is what the group commits to for its node.
func NewKey(group Group, secret Secret) (*Key, error) {
	if secret.scalar == nil {
		return nil, ErrSecret
	}
	public := group.ShareKey(secret.id)
	if public == nil {
		return nil, fmt.Errorf("%w: node %d of %d", ErrKey, secret.id, group.Nodes())
	}
	if !new(bls12381.PointG2).Mul(secret.scalar, nil).Equal(public.point) {
		return nil, fmt.Errorf("%w: node %d", ErrKey, secret.id)
	}
	return &Key{group: group, secret: secret}, nil
}

// ID is the node whose key this is.
func (k *Key) ID() bft.ID { return k.secret.id }

// Group is the public part.
func (k *Key) Group() Group { return k.group }

// Threshold is how many shares make a signature.
func (k *Key) Threshold() int { return k.group.Threshold() }

// Sign gives this node's signature share on msg, 48 bytes: the hash of msg times
// the secret.
func (k *Key) Sign(msg []byte) []byte { return k.SignHashed(Hash(msg)) }

// SignHashed is Sign for a message that is hashed already.
func (k *Key) SignHashed(msg Hashed) []byte {
	return encode(new(bls12381.PointG1).Mul(k.secret.scalar, msg.point))
}

// Verify checks a combined signature.
func (k *Key) Verify(msg, sig []byte) error { return k.group.key.Verify(msg, sig) }

// VerifyShare checks one share; see [Group.VerifyShare].
func (k *Key) VerifyShare(from bft.ID, msg, share []byte) error {
	return k.group.VerifyShare(from, msg, share)
}

// Combine makes the signature; see [Group.Combine].
func (k *Key) Combine(msg []byte, shares []Share) ([]byte, error) {
	return k.group.Combine(msg, shares)
}
