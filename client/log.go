package client

import (
	"context"
	"fmt"
	"iter"
)

// maxPage is the most values that a server gives in a page.
const maxPage = 10_000

// Page reads up to limit values from a position on (1 to 10,000; 0 leaves it to the
// server), and fewer when they are large.
func (c *Client) Page(ctx context.Context, from Position, limit int) (Page, error) {
	path := fmt.Sprint("/v1/log?from=", from)
	if limit > 0 {
		path += fmt.Sprint("&limit=", min(limit, maxPage))
	}
	var p Page
	if err := c.read(ctx, path, pageBounds, &p); err != nil {
		return Page{}, err
	}
	at := cursor{from}
	for _, e := range p.Values {
		if err := at.step(e.Position()); err != nil {
			return Page{}, c.protocol("a page from %s: %w", from, err)
		}
	}
	if p.Next.Before(at.next) || p.Next == from && !p.End() {
		return Page{}, c.protocol("the page from %s goes on at %s", from, p.Next)
	}
	return p, nil
}

// Log reads all values from a position to the log's end. It ends with the first
// error, which comes with an entry that is empty.
func (c *Client) Log(ctx context.Context, from Position) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for {
			page, err := c.Page(ctx, from, maxPage)
			if err != nil {
				yield(Entry{}, err)
				return
			}
			for _, e := range page.Values {
				if !yield(e, nil) {
					return
				}
			}
			if page.End() {
				return
			}
			from = page.Next
		}
	}
}

// cursor checks that a log is read in order, without a gap inside a block.
type cursor struct{ next Position }

func (c *cursor) step(p Position) error {
	if p != c.next && (p.Block <= c.next.Block || p.Index != 0) {
		return fmt.Errorf("the value at %s came where %s was due", p, c.next)
	}
	c.next = p.Next()
	return nil
}
