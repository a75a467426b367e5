package ledger

import (
	"crypto/sha256"
	"math/bits"

	"abad/bft"
)

// MerkleRoot is the Merkle tree hash of RFC 6962 section 2.1 over the list, with
// each digest as a leaf's data. The root of an empty list is SHA-256 of nothing.
func MerkleRoot(leaves []bft.Hash) bft.Hash {
	switch len(leaves) {
	case 0:
		return bft.Sum(nil)
	case 1:
		return leafHash(leaves[0])
	}
	split := splitAt(len(leaves))
	return nodeHash(MerkleRoot(leaves[:split]), MerkleRoot(leaves[split:]))
}

func leafHash(d bft.Hash) bft.Hash { return sha256.Sum256(append([]byte{0}, d[:]...)) }

func nodeHash(left, right bft.Hash) bft.Hash {
	return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
}

// splitAt is the largest power of two below n, for n > 1.
func splitAt(n int) int { return 1 << (bits.Len(uint(n-1)) - 1) }

// MerklePath is the audit path of leaf i (RFC 6962 section 2.1.1), from the leaf's
// side upwards.
func MerklePath(leaves []bft.Hash, i int) []bft.Hash {
	if len(leaves) <= 1 {
		return nil
	}
	split := splitAt(len(leaves))
	if i < split {
		return append(MerklePath(leaves[:split], i), MerkleRoot(leaves[split:]))
	}
	return append(MerklePath(leaves[split:], i-split), MerkleRoot(leaves[:split]))
}

// VerifyPath reports whether the list of n digests with this root has d at place i.
func VerifyPath(root, d bft.Hash, i, n int, path []bft.Hash) bool {
	if i < 0 || i >= n || n > MaxBatches {
		return false
	}
	got, ok := climb(d, i, n, path)
	return ok && got == root
}

func climb(d bft.Hash, i, n int, path []bft.Hash) (bft.Hash, bool) {
	if n == 1 {
		return leafHash(d), len(path) == 0
	}
	if len(path) == 0 {
		return bft.Hash{}, false
	}
	split, last := splitAt(n), path[len(path)-1]
	if i < split {
		left, ok := climb(d, i, split, path[:len(path)-1])
		return nodeHash(left, last), ok
	}
	right, ok := climb(d, i-split, n-split, path[:len(path)-1])
	return nodeHash(last, right), ok
}
