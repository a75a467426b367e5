package metrics

import "abad/store"

// The store.
var (
	storeSize = gauge("store_size_bytes", "What the store takes on the disk: tree has the journal, blocks and certificates, values the batches.", "part")
	storeFree = gauge("store_free_bytes", "What the store's file system has left; 0 where the system does not say.")
	storeMin  = gauge("store_min_free_bytes", "With less than that left, the node stops.")
)

func (s scrape) disk(u store.Usage) {
	s.put(storeSize, float64(u.Tree), "tree")
	s.put(storeSize, float64(u.Recent), "recent")
	s.put(storeSize, float64(u.Values), "values")
	s.put(storeSize, float64(u.Other), "other")
	s.count(storeFree, u.Free)
	s.count(storeMin, u.MinFree)
}
