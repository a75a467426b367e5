package access_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"abad/access"
)

func TestTokens(t *testing.T) {
	a, b := access.NewToken(), access.NewToken()
	if a == b || len(a) != 48 || !strings.HasPrefix(string(a), "abad_") {
		t.Fatalf("%q and %q", a, b)
	}
	grants := access.Grants{{Name: "a", Role: access.Read, Hash: a.Hash()}, {Name: "b", Role: access.Operate, Hash: b.Hash()}}
	for token, want := range map[access.Token]string{
		a: "a", b: "b", "": "", a[:47]: "", a + "x": "", access.Token(a.Hash().String()): "", access.NewToken(): "",
		access.Token(strings.ToUpper(string(a))): "",
	} {
		if g, ok := grants.Find(token); ok != (want != "") || g.Name != want {
			t.Errorf("%q: %v %v", token, g, ok)
		}
	}
	long := access.Token(strings.Repeat("x", access.MaxToken+1))
	if _, ok := (access.Grants{{Name: "long", Hash: long.Hash()}}).Find(long); ok {
		t.Error("a token over the limit")
	}
	if _, ok := (access.Grants{{Name: "long", Hash: long[1:].Hash()}}).Find(long[1:]); !ok {
		t.Error("a token at the limit")
	}
}

func TestRolesIncludeEachOther(t *testing.T) {
	if !(access.Nobody < access.Read && access.Read < access.Submit && access.Submit < access.Operate) {
		t.Error("roles are not in order")
	}
	for _, name := range access.Roles() {
		if r, err := access.ParseRole(name); err != nil || r.String() != name {
			t.Errorf("%s: %v %v", name, r, err)
		}
	}
	for _, name := range []string{"", "nobody", "root", "Read"} {
		if r, err := access.ParseRole(name); err == nil {
			t.Errorf("%q is %v", name, r)
		}
	}
}

func TestNames(t *testing.T) {
	for name, ok := range map[string]bool{
		"a": true, "ops@example.org": true, "grafana-1_x": true, strings.Repeat("x", 64): true,
		"": false, strings.Repeat("x", 65): false, "a b": false, "-a": false, "a\n": false, "ä": false, `a"`: false,
	} {
		if err := access.CheckName(name); ok != (err == nil) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// What a file says counts a second after it changed; a file that cannot be read
// leaves the value as it was, and is told of once.
func TestFileIsReadAgain(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(dir, "file")
		write := func(text string) {
			if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(path+".new", path); err != nil {
				t.Fatal(err)
			}
		}
		write("one")
		reads, notes := 0, []error(nil)
		bad := errors.New("bad")
		f, err := access.Open(func() (string, error) {
			reads++
			data, err := os.ReadFile(path)
			if string(data) == "bad" {
				err = bad
			}
			return string(data), err
		}, func(err error) { notes = append(notes, err) }, path)
		if err != nil {
			t.Fatal(err)
		}
		want := func(text string, n int) {
			t.Helper()
			if got := f.Get(); got != text || reads != n {
				t.Fatalf("%q after %d reads, want %q after %d", got, reads, text, n)
			}
		}
		want("one", 1)
		write("two")
		want("one", 1) // within the second
		time.Sleep(time.Second)
		want("two", 2)
		time.Sleep(time.Minute)
		want("two", 2) // has not changed
		write("bad")
		time.Sleep(time.Second)
		want("two", 3)
		time.Sleep(time.Minute)
		want("two", 3)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		want("two", 4)
		write("three")
		time.Sleep(time.Second)
		want("three", 5)
		if len(notes) != 4 || notes[0] != nil || !errors.Is(notes[1], bad) || !errors.Is(notes[2], os.ErrNotExist) || notes[3] != nil {
			t.Errorf("%v", notes)
		}
	})
}
