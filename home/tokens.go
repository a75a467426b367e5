package home

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"abad/access"
)

// ParseTokens reads the file of tokens. The file name is for errors.
func ParseTokens(file string, data []byte) (access.Grants, error) {
	doc, top := parse(file, data)
	var grants access.Grants
	for i, t := range top.listOrNone("token") {
		g := t.grant()
		for _, other := range grants {
			if other.Name == g.Name {
				t.wrong("name", "%q is there twice", g.Name)
			}
			if other.Hash == g.Hash {
				t.wrong("sha256", "is that of %q too", other.Name)
			}
		}
		if grants = append(grants, g); i == access.MaxGrants {
			t.wrong("name", "there are more than %d tokens", access.MaxGrants)
			break
		}
	}
	if err := doc.finish(); err != nil {
		return nil, err
	}
	return grants, nil
}

func (t *table) grant() (g access.Grant) {
	if name, ok := required[string](t, "name", aText); ok {
		if err := access.CheckName(name); err != nil {
			t.wrong("name", "%w", err)
		}
		g.Name = name
	}
	if text, ok := required[string](t, "role", aText); ok {
		role, err := access.ParseRole(text)
		if err != nil {
			t.wrong("role", "%w", err)
		}
		g.Role = role
	}
	if text, ok := required[string](t, "sha256", aText); ok {
		hash, err := access.ParseHash(text)
		if err != nil {
			t.wrong("sha256", "%w", err)
		}
		g.Hash = hash
	}
	return g
}

// listOrNone is list for an array that may be missing.
func (t *table) listOrNone(name string) []*table {
	if _, ok := t.get(name); !ok {
		return nil
	}
	return t.list(name)
}

// ReadTokens reads a file of tokens. There is an error that is [fs.ErrNotExist] when
// there is none.
func ReadTokens(path string) (access.Grants, error) {
	data, err := read(path, maxTOML, true)
	if err != nil {
		return nil, err
	}
	return ParseTokens(path, data)
}

// AddToken draws a token, and puts its hash into a file, which it makes if need be.
// The token itself is nowhere but in the result.
func AddToken(path, name string, role access.Role) (access.Token, error) {
	if err := access.CheckName(name); err != nil {
		return "", err
	}
	grants, err := ReadTokens(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	for _, g := range grants {
		if g.Name == name {
			return "", fmt.Errorf("%s has a token %q already", path, name)
		}
	}
	if len(grants) == access.MaxGrants {
		return "", fmt.Errorf("%s has %d tokens already, which is the limit", path, access.MaxGrants)
	}
	token := access.NewToken()
	return token, writeTokens(path, append(grants, access.Grant{Name: name, Role: role, Hash: token.Hash()}))
}

// RemoveToken takes a token's hash out of a file; its holder has no access then.
func RemoveToken(path, name string) error {
	grants, err := ReadTokens(path)
	if err != nil {
		return err
	}
	for i, g := range grants {
		if g.Name == name {
			return writeTokens(path, append(grants[:i:i], grants[i+1:]...))
		}
	}
	return fmt.Errorf("%s has no token %q", path, name)
}

// writeTokens replaces the file at once, so that a node that reads it in between
// has the old one or the new one.
func writeTokens(path string, grants access.Grants) error {
	temp, err := os.CreateTemp(filepath.Dir(path), ".tokens-") // which is the owner's alone
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(encodeTokens(grants))
	if err := errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return err
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func encodeTokens(grants access.Grants) []byte {
	var b bytes.Buffer
	b.WriteString(`# Who may use this node's API, by the SHA-256 of their tokens. "abad token new" adds
# one and "abad token remove" takes one away; the node reads the file again when it
# changes. Roles: read, submit (and read), operate (and all else).
`)
	for _, g := range grants {
		fmt.Fprintf(&b, "\n[[token]]\nname = %q\nrole = %q\nsha256 = %q\n", g.Name, g.Role, g.Hash)
	}
	return b.Bytes()
}
