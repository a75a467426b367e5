package api

import (
	"io"
	"net/http"
)

// Backer gives a copy of a node's store.
type Backer interface {
	Backup(w io.Writer) error
}

// getBackup streams a copy of the store as of now. Its last bytes are a digest, so
// a copy that was cut off is known to be.
func (s *Server) getBackup(w *reply, r *http.Request) error {
	if _, err := query(r); err != nil {
		return err
	}
	head(w, "application/octet-stream")
	w.Header().Set("Content-Disposition", `attachment; filename="abad.backup"`)
	return s.conf.Backup.Backup(patient{w})
}

// patient gives every piece its time to leave.
type patient struct{ w http.ResponseWriter }

func (p patient) Write(data []byte) (int, error) {
	extend(p.w)
	return p.w.Write(data)
}
