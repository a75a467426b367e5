package home

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"abad/access"
)

func TestTokensComeAndGo(t *testing.T) {
	path := filepath.Join(t.TempDir(), TokensFile)
	if _, err := ReadTokens(path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	reader, err := AddToken(path, "grafana", access.Read)
	if err != nil {
		t.Fatal(err)
	}
	operator, err := AddToken(path, "ops@example.org", access.Operate)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil || strings.Contains(string(text), string(reader[5:])) || strings.Contains(string(text), string(operator[5:])) {
		t.Fatalf("a token is in the file, or %v: %s", err, text)
	}
	grants, err := ReadTokens(path)
	if err != nil || len(grants) != 2 {
		t.Fatal(grants, err)
	}
	for token, want := range map[access.Token]access.Grant{
		reader:   {Name: "grafana", Role: access.Read, Hash: reader.Hash()},
		operator: {Name: "ops@example.org", Role: access.Operate, Hash: operator.Hash()},
	} {
		if g, ok := grants.Find(token); !ok || g != want {
			t.Errorf("%v %v, want %v", g, ok, want)
		}
	}
	if _, err := AddToken(path, "grafana", access.Submit); err == nil || !strings.Contains(err.Error(), "already") {
		t.Error(err)
	}
	if err := RemoveToken(path, "grafana"); err != nil {
		t.Fatal(err)
	}
	if err := RemoveToken(path, "grafana"); err == nil || !strings.Contains(err.Error(), `no token "grafana"`) {
		t.Error(err)
	}
	if grants, err = ReadTokens(path); err != nil || len(grants) != 1 || grants[0].Name != "ops@example.org" {
		t.Error(grants, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
}

func TestTokenErrors(t *testing.T) {
	const hash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	one := func(name, role, sum string) string {
		return "[[token]]\nname = \"" + name + "\"\nrole = \"" + role + "\"\nsha256 = \"" + sum + "\"\n"
	}
	for text, want := range map[string]string{
		one("a b", "read", hash):                                `f:2: "token.name": "a b" is not a name`,
		one("a", "root", hash):                                  `f:3: "token.role": "root" is none of read, submit, operate`,
		one("a", "read", hash[1:]):                              `f:4: "token.sha256": "` + hash[1:] + `" is not 64 hexadecimal digits`,
		one("a", "read", "zz"+hash[2:]):                         `f:4: "token.sha256"`,
		one("a", "read", hash) + one("a", "read", hash[1:]+"0"): `f:6: "token.name": "a" is there twice`,
		one("a", "read", hash) + one("b", "read", hash):         `f:8: "token.sha256": is that of "a" too`,
		"[[token]]\nname = \"a\"\nsha256 = \"" + hash + "\"\n":  `"token.role": missing`,
		"[[tokens]]\n":                                          `f:1: "tokens": unknown key; did you mean token?`,
		"token = 1\n":                                           `f:1: "token": must be tables`,
		one("a", "read", hash) + "secret = 1\n":                 `f:5: "token.secret": unknown key`,
	} {
		if _, err := ParseTokens("f", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n%v\nwant %s", text, err, want)
		}
	}
	if g, err := ParseTokens("f", nil); err != nil || len(g) != 0 {
		t.Error(g, err)
	}
}

func TestTokenLimit(t *testing.T) {
	var grants access.Grants
	for i := range access.MaxGrants {
		grants = append(grants, access.Grant{Name: "n" + strings.Repeat("x", i%60) + string(rune('a'+i/60)), Role: access.Read, Hash: access.NewToken().Hash()})
	}
	path := filepath.Join(t.TempDir(), TokensFile)
	if err := os.WriteFile(path, encodeTokens(grants), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadTokens(path); err != nil || len(got) != access.MaxGrants {
		t.Fatal(len(got), err)
	}
	if _, err := AddToken(path, "more", access.Read); err == nil || !strings.Contains(err.Error(), "limit") {
		t.Error(err)
	}
	grants = append(grants, access.Grant{Name: "more", Role: access.Read, Hash: access.NewToken().Hash()})
	if _, err := ParseTokens("f", encodeTokens(grants)); err == nil || !strings.Contains(err.Error(), "more than 256 tokens") {
		t.Error(err)
	}
}

func TestAccessErrors(t *testing.T) {
	for text, want := range map[string]string{
		"api = \"0.0.0.0:7500\"\n":                    `f:1: "api": other machines can reach this address`,
		"api = \":7500\"\n":                           `f:1: "api": other machines can reach this address`,
		"[access]\ncertificate = \"a\"\n":             `f:2: "access.certificate": needs a key`,
		"[access]\nkey = \"a\"\n":                     `f:2: "access.key": needs a certificate`,
		"[access]\norigins = [\"ops.example.org\"]\n": `f:2: "access.origins": "ops.example.org" is not an origin`,
		"[access]\norigins = [\"https://a/\"]\n":      `is not an origin`,
		"[access]\norigins = [\"*\"]\n":               `is not an origin`,
		"[access]\norigins = [1]\n":                   `must be a list of texts`,
		"[access]\ntoken = \"x\"\n":                   `f:2: "access.token": unknown key; did you mean access.tokens?`,
		"[access]\norigins = [" + strings.Repeat(`"https://a",`, maxOrigins+1) + "]\n": `are more than 64`,
	} {
		if _, err := ParseConfig("f", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n%v\nwant %s", text, err, want)
		}
	}
	c, err := ParseConfig("f", []byte("api = \"0.0.0.0:7500\"\n[access]\ncertificate = \"a\"\nkey = \"/b\"\norigins = [\"https://ops.example.org:8443\"]\n"))
	if a := c.Access.In("/home"); err != nil || a.Certificate != "/home/a" || a.Key != "/b" || a.Tokens != "/home/tokens.toml" || len(a.Origins) != 1 {
		t.Errorf("%+v %v", a, err)
	}
}

func FuzzTokens(f *testing.F) {
	f.Add(encodeTokens(access.Grants{{Name: "a", Role: access.Read, Hash: access.Token("a").Hash()}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		grants, err := ParseTokens("tokens.toml", data)
		if err != nil {
			return
		}
		again, err := ParseTokens("tokens.toml", encodeTokens(grants))
		if err != nil || len(again) != len(grants) {
			t.Fatalf("%v came back as %v: %v", grants, again, err)
		}
		for i := range grants {
			if again[i] != grants[i] || grants[i].Role == access.Nobody {
				t.Fatalf("%v came back as %v", grants[i], again[i])
			}
		}
	})
}
