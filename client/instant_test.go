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

func (instant) Enqueue(v batch.Value, _ time.Time) (api.Ticket, error) { return placed{v.ID}, nil }

type placed struct{ id batch.ValueID }

func (p placed) Wait(context.Context) (node.Receipt, error) {
	return node.Receipt{Block: 1, ID: p.id}, nil
}
