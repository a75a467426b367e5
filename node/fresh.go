package node

import (
	"context"
	"time"
)

// fresh keeps an answer that is dear to find, for those who ask within a moment.
// It does nothing while nobody asks.
type fresh[T any] struct {
	pause time.Duration
	turn  chan struct{} // holds one: who looks it up, or takes it
	at    time.Time
	value T
}

func newFresh[T any](pause time.Duration) *fresh[T] {
	return &fresh[T]{pause: pause, turn: make(chan struct{}, 1)}
}

// get gives the answer, or looks it up. Others wait meanwhile, and get the same one.
func (f *fresh[T]) get(ctx context.Context, find func(context.Context) (T, error)) (T, error) {
	var none T
	select {
	case f.turn <- struct{}{}:
	case <-ctx.Done():
		return none, context.Cause(ctx)
	}
	defer func() { <-f.turn }()
	if time.Since(f.at) < f.pause {
		return f.value, nil
	}
	value, err := find(ctx)
	if err != nil {
		return none, err
	}
	f.at, f.value = time.Now(), value
	return value, nil
}
