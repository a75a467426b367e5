package api

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
