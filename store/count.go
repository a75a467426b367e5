package store

// Observer is told a measured value; a prometheus.Histogram is one.
type Observer interface{ Observe(value float64) }

// CommittedBytes is how many bytes of batches blocks have taken since the store was
// opened.
func (s *Store) CommittedBytes() uint64 { return s.taken.Load() }

// Transactions is how many transactions are on disk since the store was made. Each
// was synced on its own: one fsync, and another one if it has payload.
func (s *Store) Transactions() uint64 { return s.durable.Load() }
