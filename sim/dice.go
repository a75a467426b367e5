package sim

import (
	"math/bits"
	"math/rand/v2"
)

// dice is all the randomness of a run.
type dice struct{ src *rand.PCG }

// stream keeps the simulator's numbers apart from others of the same seed.
const stream = 0x51_6d_75_6c

func newDice(seed uint64) *dice { return &dice{rand.NewPCG(seed, stream)} }

// below gives a number from 0 to n-1. The bias of 2^-64*n is nobody's concern.
func (d *dice) below(n int) int {
	hi, _ := bits.Mul64(d.src.Uint64(), uint64(n))
	return int(hi)
}

// oneIn is true once in n times, never for 0.
func (d *dice) oneIn(n int) bool { return n > 0 && d.below(n) == 0 }

func (d *dice) flip() bool { return d.src.Uint64()>>63 == 1 }

// pick gives one of the list.
func pick[T any](d *dice, list ...T) T { return list[d.below(len(list))] }

// shuffle puts a list into random order.
func shuffle[T any](d *dice, list []T) {
	for i := len(list) - 1; i > 0; i-- {
		j := d.below(i + 1)
		list[i], list[j] = list[j], list[i]
	}
}

// mix is one step of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014), a bijection.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
