package access

import (
	"fmt"
	"strings"
)

// Role is what a token may do; greater ones include the smaller.
type Role int

// The roles. The zero value is none.
const (
	Nobody  Role = iota
	Read         // the log, blocks, decisions, status, metrics
	Submit       // values
	Operate      // vote and propose for the node, back it up, change how it logs, profile it
)

var names = [...]string{Nobody: "nobody", Read: "read", Submit: "submit", Operate: "operate"}

// Roles are those that a token can have, by name.
func Roles() []string { return names[Read:] }

func (r Role) String() string {
	if r < Nobody || r > Operate {
		return fmt.Sprintf("Role(%d)", int(r))
	}
	return names[r]
}

// ParseRole reads a role that a token can have.
func ParseRole(text string) (Role, error) {
	for r := Read; r <= Operate; r++ {
		if names[r] == text {
			return r, nil
		}
	}
	return Nobody, fmt.Errorf("%.60q is none of %s", text, strings.Join(Roles(), ", "))
}
