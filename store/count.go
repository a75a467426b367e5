package store

// Transactions is how many transactions are on disk since the store was made. Each
// was synced on its own: one fsync, and another one if it has payload.
func (s *Store) Transactions() uint64 { return s.durable.Load() }
