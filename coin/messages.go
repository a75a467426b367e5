package coin

import (
	"crypto/sha256"
	"encoding/binary"

	"abad/bft"
)

// What the group key signs. A signature for one purpose must never serve another:
// a coin that is also a certificate would be known early. Prefixes tell purposes
// apart, fixed widths make every encoding unambiguous, and no two purposes have
// messages of the same length: beacon 32, block 45, epoch coin 67, decision 88,
// decision coin 91 bytes.
const (
	coinPrefix    = "abad/coin/v1"
	blockPrefix   = "abad/block/v1"
	decidedPrefix = "abad/decided/v1"
)

// Tags of what the coin of an instance belongs to.
const (
	tagEpoch    = 'E'
	tagDecision = 'D'
)

// EpochMessage names the coin of one random round of one slot of an epoch:
//
//	"abad/coin/v1" | cluster 32 | era 8 | 'E' | epoch 8 | slot 2 | round 4
//
// with big-endian integers of so many bytes.
func EpochMessage(cluster bft.Hash, era, epoch uint64, slot bft.ID, round uint32) []byte {
	var instance [8]byte
	binary.BigEndian.PutUint64(instance[:], epoch)
	return coinMessage(cluster, era, tagEpoch, instance[:], slot, round)
}

// DecisionMessage names the coin of one random round of a one-shot decision,
// which has a single slot, 0:
//
//	"abad/coin/v1" | cluster 32 | era 8 | 'D' | SHA-256(decision) 32 | 0 2 | round 4
func DecisionMessage(cluster bft.Hash, era uint64, decision string, round uint32) []byte {
	instance := sha256.Sum256([]byte(decision))
	return coinMessage(cluster, era, tagDecision, instance[:], 0, round)
}

func coinMessage(cluster bft.Hash, era uint64, tag byte, instance []byte, slot bft.ID, round uint32) []byte {
	msg := make([]byte, 0, len(coinPrefix)+len(cluster)+8+1+len(instance)+2+4)
	msg = append(msg, coinPrefix...)
	msg = append(msg, cluster[:]...)
	msg = binary.BigEndian.AppendUint64(msg, era)
	msg = append(msg, tag)
	msg = append(msg, instance...)
	msg = binary.BigEndian.AppendUint16(msg, uint16(slot)) // bft.MaxNodes fits
	return binary.BigEndian.AppendUint32(msg, round)
}

// BlockMessage is what a block's certificate signs: "abad/block/v1" and the
// 32-byte hash of the block's header.
func BlockMessage(header bft.Hash) []byte {
	return append([]byte(blockPrefix), header[:]...)
}

// DecidedMessage is what the certificate of a one-shot decision signs:
//
//	"abad/decided/v1" | cluster 32 | era 8 | SHA-256(decision) 32 | value 1
func DecidedMessage(cluster bft.Hash, era uint64, decision string, value bool) []byte {
	name := sha256.Sum256([]byte(decision))
	msg := append([]byte(decidedPrefix), cluster[:]...)
	msg = binary.BigEndian.AppendUint64(msg, era)
	msg = append(msg, name[:]...)
	if value {
		return append(msg, 1)
	}
	return append(msg, 0)
}

// BeaconMessage is what the beacon of an epoch signs, drand's message of a round
// in its unchained schemes: SHA-256 of the big-endian number.
func BeaconMessage(epoch uint64) []byte {
	digest := sha256.Sum256(binary.BigEndian.AppendUint64(nil, epoch))
	return digest[:]
}

// Randomness is the 32 random bytes of a signature, as in drand: its SHA-256.
func Randomness(sig []byte) bft.Hash { return bft.Sum(sig) }

// Bit is the value of a coin whose name has this signature: the low bit of the
// last byte of [Randomness].
func Bit(sig []byte) bool {
	r := Randomness(sig)
	return r[len(r)-1]&1 == 1
}
