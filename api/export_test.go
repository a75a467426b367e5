package api

import (
	"maps"
	"slices"

	"abad/access"
)

// Bounds that tests go up to and beyond.
const (
	MaxPageValues = maxPageValues
	PageBytes     = pageBytes
	PieceBytes    = pieceBytes
	Scanned       = scanned
	Heartbeat     = heartbeat
	ReadTimeout   = readTimeout
	WriteTimeout  = writeTimeout
	HeaderTimeout = headerTimeout
	StatusTimeout = statusTimeout
	JSONSpelling  = jsonSpelling
	JSONAround    = jsonAround
)

// InUse is what the gauges say: submissions, bytes, readers.
func (s *Server) InUse() [3]int64 {
	return [3]int64{s.waiting.used.Load(), s.bodies.used.Load(), s.readers.used.Load()}
}

// Kept is how many blocks are in memory, and their bytes.
func (s *Server) Kept() (count, size int) {
	s.blocks.mu.Lock()
	defer s.blocks.mu.Unlock()
	for _, k := range s.blocks.kept {
		size += k.size
	}
	return len(s.blocks.kept), size
}

// Paths are the methods of every path that the server has.
func (s *Server) Paths() map[string][]string {
	list := map[string][]string{}
	for path, m := range s.paths() {
		list[path] = slices.Sorted(maps.Keys(m))
	}
	return list
}

// Needed is the role for a method of a path.
func Needed(path, method string) access.Role { return needed(path, method) }

// Short is how many short requests are under way.
func (s *Server) Short() int64 { return s.short.used.Load() }
