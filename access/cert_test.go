package access_test

import (
	"strings"
	"testing"
	"time"

	"abad/access"
	"abad/access/certtest"
)

func TestCertificate(t *testing.T) {
	dir := t.TempDir()
	chain, key := certtest.Files(t, dir, "good", time.Now().Add(time.Hour))
	if c, err := access.LoadCertificate(chain, key); err != nil || c.Leaf == nil {
		t.Fatal(c, err)
	}
	old, oldKey := certtest.Files(t, dir, "old", time.Now().Add(-time.Hour))
	for _, c := range []struct{ chain, key, why string }{
		{old, oldKey, "has expired on "},
		{chain, oldKey, "does not match"},
		{dir + "/none", key, "no such file"},
		{key, key, "good.key"},
	} {
		if _, err := access.LoadCertificate(c.chain, c.key); err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %v", c.why, err)
		}
	}
}
