package store

// Observer is told a measured value; a prometheus.Histogram is one.
type Observer interface{ Observe(value float64) }

// CommittedBytes is how many bytes of batches blocks have taken since the store was
// opened.
func (s *Store) CommittedBytes() uint64 { return s.taken.Load() }

// Transactions is how many writes are on disk since the store was made, those that
// shared a sync counted once.
func (s *Store) Transactions() uint64 { return s.writes.Load() }
