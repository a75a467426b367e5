package client_test

import (
	"context"
	"time"

	"abad/api"
	"abad/api/apitest"
	"abad/batch"
	"abad/node"
)

// instant is a node that has every value in block 1 at once and keeps none, to
// measure what is in front of a node.
type instant struct{ *apitest.Log }

func (instant) Enqueue(_ time.Time, vs ...batch.Value) (api.Ticket, error) {
	return placed(len(vs)), nil
}

type placed int

func (p placed) Len() int { return int(p) }

func (p placed) Stored(context.Context) error { return nil }

func (p placed) Wait(context.Context, int) (node.Receipt, error) { return node.Receipt{Block: 1}, nil }
