package wire

// LogLevel is what a node logs: lines of this level and above.
type LogLevel struct {
	Level string `json:"level"` // debug, info, warn, error
}
