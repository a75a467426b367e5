package access

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"regexp"
)

// Token is a secret that its holder shows: "abad_" and 43 characters of base64url
// (RFC 4648, section 5), 256 random bits. The prefix lets scanners of repositories
// and logs find one that was lost there.
type Token string

const tokenPrefix = "abad_"

// MaxToken bounds what is taken for a token at all; ours have 48 bytes.
const MaxToken = 128

// NewToken draws a token.
func NewToken() Token {
	var secret [32]byte
	rand.Read(secret[:]) // never fails
	return Token(tokenPrefix + base64.RawURLEncoding.EncodeToString(secret[:]))
}

// Hash is what a node keeps of a token.
func (t Token) Hash() Hash { return sha256.Sum256([]byte(t)) }

// Hash is the SHA-256 of a token's text.
type Hash [sha256.Size]byte

// String is lower-case hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// ParseHash reads 64 hexadecimal digits.
func ParseHash(text string) (h Hash, err error) {
	if len(text) != 2*len(h) {
		return h, fmt.Errorf("%.80q is not 64 hexadecimal digits, the SHA-256 of a token", text)
	}
	if _, err := hex.Decode(h[:], []byte(text)); err != nil {
		return h, fmt.Errorf("%.80q is not 64 hexadecimal digits, the SHA-256 of a token", text)
	}
	return h, nil
}

// Grant is what the holder of a token may do.
type Grant struct {
	Name string
	Role Role
	Hash Hash
}

// Grants are all that a node knows.
type Grants []Grant

// MaxGrants bounds the tokens of a node: each request looks at all of them.
const MaxGrants = 256

// Find tells whose token this is. It looks at every grant, and at every byte of it,
// so that its time says nothing about how near a guess was.
func (g Grants) Find(t Token) (Grant, bool) {
	hash := t.Hash()
	found := -1
	for i := range g {
		found = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(hash[:], g[i].Hash[:]), i, found)
	}
	if found < 0 || len(t) > MaxToken {
		return Grant{}, false
	}
	return g[found], true
}

// maxName is a name that a person gives, in logs.
const maxName = 64

var goodName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@-]*$`)

// CheckName says what a token can be called.
func CheckName(name string) error {
	if len(name) > maxName || !goodName.MatchString(name) {
		return fmt.Errorf("%.100q is not a name of 1 to %d letters, digits and . _ @ -", name, maxName)
	}
	return nil
}

// Policy is who may use an API at present.
type Policy struct {
	Enforced bool // false: everybody may do everything
	Grants   Grants
}
