package api_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"abad/access"
	"abad/access/certtest"
	"abad/api"
	"abad/api/apitest"
	"abad/client"
)

// holders are tokens of every role, and what a policy keeps of them.
func holders() (map[access.Role]string, func() access.Policy) {
	tokens, policy := map[access.Role]string{}, access.Policy{Enforced: true}
	for _, role := range []access.Role{access.Read, access.Submit, access.Operate} {
		token := access.NewToken()
		tokens[role] = string(token)
		policy.Grants = append(policy.Grants, access.Grant{Name: role.String() + "er", Role: role, Hash: token.Hash()})
	}
	return tokens, func() access.Policy { return policy }
}

// Every path asks for its role, and a role includes the smaller ones.
func TestRoles(t *testing.T) {
	tokens, policy := holders()
	s := serve(t, func(c *api.Config) { c.Policy = policy })
	tokens[access.Nobody] = string(access.NewToken())
	for _, c := range []struct {
		method, path string
		role         access.Role
	}{
		{"GET", "/healthz", access.Nobody},
		{"GET", "/readyz", access.Nobody},
		{"GET", "/v1/status", access.Read},
		{"HEAD", "/v1/status", access.Read},
		{"GET", "/v1/log", access.Read},
		{"HEAD", "/v1/log/stream", access.Read},
		{"GET", "/v1/blocks/1", access.Read},
		{"POST", "/v1/values", access.Submit},
		{"POST", "/v1/values/stream", access.Submit},
	} {
		for role, token := range tokens {
			w := s.call(c.method, c.path, "", "Authorization", "Bearer "+token)
			switch refused := w.Code == 401 || w.Code == 403; {
			case refused == (role >= c.role):
				t.Errorf("%s %s with the role %s: %d %s", c.method, c.path, role, w.Code, w.Body)
			case refused && role == access.Nobody:
				s.want(w, 401, "not one of this node's")
			case refused:
				s.want(w, 403, "has the role "+role.String()+", and this needs "+c.role.String())
			}
		}
		if w := s.call(c.method, c.path, ""); (w.Code == 401) != (c.role != access.Nobody) {
			t.Errorf("%s %s without a token: %d", c.method, c.path, w.Code)
		}
	}
}

func TestBadTokens(t *testing.T) {
	tokens, policy := holders()
	s := serve(t, func(c *api.Config) { c.Policy = policy })
	good := tokens[access.Read]
	for header, ok := range map[string]bool{
		"Bearer " + good: true, "bearer " + good: true, "BEARER  " + good: true,
		good: false, "Basic " + good: false, "Bearer": false, "Bearer ": false, "": false, "Bearer " + good + " ": false,
		"Bearer " + good + "," + good: false, "Bearer " + good[:47]: false, "Bearer " + strings.Repeat("x", 10000): false,
	} {
		w := s.call("GET", "/v1/status", "", "Authorization", header)
		if !ok {
			s.want(w, 401, "token")
			if kind := w.Header().Get("WWW-Authenticate"); !strings.HasPrefix(kind, `Bearer realm="abad"`) {
				t.Errorf("%q: %q", header, kind)
			}
		} else if w.Code != 200 {
			t.Errorf("%q: %d", header, w.Code)
		}
		if strings.Contains(w.Body.String(), good) {
			t.Errorf("the answer has the token: %s", w.Body)
		}
	}
	s.want(s.call("GET", "/v1/status", "", "Authorization", "Bearer "+good, "Authorization", "Bearer "+good), 401, "")
	s.want(s.call("GET", "/v1/status?access_token="+good, ""), 401, "") // an address is in logs and histories

	// Foreign names are fine where a token is needed, and foreign pages are not.
	r := request("GET", "/v1/status", "", "Authorization", "Bearer "+good)
	r.Host = "node0.example.org"
	if w := s.do(r); w.Code != 200 {
		t.Errorf("by a name: %d %s", w.Code, w.Body)
	}
	s.want(s.call("POST", "/v1/values", "x", "Authorization", "Bearer "+tokens[access.Submit], "Origin", "https://evil.example"), 403, "another origin")
}

// A token that is taken away stops to work, and no token at all lets nobody in.
func TestPolicyChanges(t *testing.T) {
	tokens, policy := holders()
	now := policy()
	s := serve(t, func(c *api.Config) { c.Policy = func() access.Policy { return now } })
	auth := "Bearer " + tokens[access.Read]
	if w := s.call("GET", "/v1/status", "", "Authorization", auth); w.Code != 200 {
		t.Fatal(w.Code)
	}
	now.Grants = now.Grants[1:]
	s.want(s.call("GET", "/v1/status", "", "Authorization", auth), 401, "")
	now.Grants = nil
	s.want(s.call("GET", "/v1/status", ""), 401, "")
	now.Enforced = false
	if w := s.call("GET", "/v1/status", ""); w.Code != 200 {
		t.Error(w.Code)
	}
}

// Off loopback it takes both TLS and a token.
func TestExposed(t *testing.T) {
	_, policy := holders()
	secure := &tls.Config{MinVersion: tls.VersionTLS13}
	empty := func() access.Policy { return access.Policy{Enforced: true} }
	for _, c := range []struct {
		tls    *tls.Config
		policy func() access.Policy
		want   error
	}{
		{nil, nil, api.ErrNotLoopback},
		{nil, policy, api.ErrNotLoopback},
		{secure, nil, api.ErrNoToken},
		{secure, empty, api.ErrNoToken},
		{secure, policy, nil},
	} {
		if _, err := api.New(api.Config{Node: apitest.New(), Listen: "0.0.0.0:7500", TLS: c.tls, Policy: c.policy}); !errors.Is(err, c.want) {
			t.Errorf("%v: %v", c, err)
		}
	}
}

// The client over TLS with a token, and a certificate that is renewed under it.
func TestSecured(t *testing.T) {
	dir := t.TempDir()
	chain, key := certtest.Files(t, dir, "api", time.Now().Add(time.Hour))
	file, err := access.Open(func() (*tls.Certificate, error) { return access.LoadCertificate(chain, key) }, func(error) {}, chain, key)
	if err != nil {
		t.Fatal(err)
	}
	tokens, policy := holders()
	url, _ := apitest.Serve(t, api.Config{Node: apitest.New(), TLS: access.TLS(file), Policy: policy})
	pool := x509.NewCertPool()
	trust := func() {
		data, err := os.ReadFile(chain)
		if err != nil || !pool.AppendCertsFromPEM(data) {
			t.Fatal(err)
		}
	}
	dial := func(token string) *client.Client {
		c, err := client.New(client.Config{URL: url, Token: token, RootCAs: pool.Clone(), Attempts: 1})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		return c
	}
	var unknown *tls.CertificateVerificationError
	if _, err := dial(tokens[access.Submit]).Status(t.Context()); !errors.As(err, &unknown) {
		t.Fatalf("an unknown certificate: %v", err)
	}
	trust()
	if _, err := dial(tokens[access.Submit]).Submit(t.Context(), []byte("hello")); err != nil {
		t.Fatal(err)
	}
	var refused *client.Error
	if _, err := dial("").Status(t.Context()); !errors.As(err, &refused) || refused.Status != 401 {
		t.Fatal(err)
	}
	if _, err := dial(tokens[access.Read]).Submit(t.Context(), []byte("hello")); !errors.As(err, &refused) || refused.Status != 403 {
		t.Fatal(err)
	}
	certtest.Files(t, dir, "api", time.Now().Add(2*time.Hour))
	trust()
	renewed := func() bool {
		conn, err := tls.Dial("tcp", strings.TrimPrefix(url, "https://"), &tls.Config{RootCAs: pool})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return time.Until(conn.ConnectionState().PeerCertificates[0].NotAfter) > 90*time.Minute
	}
	for !renewed() { // within the second that a file counts
		time.Sleep(20 * time.Millisecond)
	}

	// Without TLS a client learns what is wrong, and an old TLS gets nothing.
	plain, err := client.New(client.Config{URL: "http" + strings.TrimPrefix(url, "https"), Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	if _, err := plain.Status(t.Context()); !strings.Contains(client.Hint(err), "https://") {
		t.Errorf("%v: %q", err, client.Hint(err))
	}
	if _, err := tls.Dial("tcp", strings.TrimPrefix(url, "https://"), &tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS12}); err == nil {
		t.Error("TLS 1.2")
	}
}

// A handshake that does not come holds a connection only so long.
func TestSilentHandshake(t *testing.T) {
	chain, key := certtest.Files(t, t.TempDir(), "api", time.Now().Add(time.Hour))
	file, err := access.Open(func() (*tls.Certificate, error) { return access.LoadCertificate(chain, key) }, func(error) {}, chain, key)
	if err != nil {
		t.Fatal(err)
	}
	url, stop := apitest.Serve(t, api.Config{Node: apitest.New(), TLS: access.TLS(file)})
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "https://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	stop() // which waits for nobody who says nothing
	if _, err := io.ReadAll(conn); err != nil && !errors.Is(err, net.ErrClosed) && !strings.Contains(err.Error(), "reset") {
		t.Error(err)
	}
}

func TestRequestIDs(t *testing.T) {
	s := serve(t, nil)
	for given, ok := range map[string]bool{
		"a": true, "0af7651916cd43dd8448eb211c80319c": true, strings.Repeat("x", 64): true, "a/b:c.d_e-f+g=": true,
		"": false, strings.Repeat("x", 65): false, "a b": false, "a\"b": false, "ä": false,
	} {
		w := s.call("GET", "/nowhere", "", "X-Request-Id", given)
		got := w.Header().Get("X-Request-Id")
		if (got == given) != ok || len(got) == 0 {
			t.Errorf("%q: %q", given, got)
		}
		if !strings.Contains(w.Body.String(), `"request_id":"`+got+`"`) {
			t.Errorf("%q is not in the error: %s", got, w.Body)
		}
	}
	if a, b := s.call("GET", "/healthz", ""), s.call("GET", "/healthz", ""); a.Header().Get("X-Request-Id") == b.Header().Get("X-Request-Id") {
		t.Error("two requests with one id")
	}
}
