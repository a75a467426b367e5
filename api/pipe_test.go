package api_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"abad/api"
	"abad/api/apitest"
)

// pipes is a listener whose connections are pipes in memory: inside a synctest
// bubble they make the clock of deadlines and heartbeats ours.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 7500} }

// piped is a running server behind pipes.
type piped struct {
	t    *testing.T
	log  *apitest.Log
	srv  *api.Server
	in   *pipes
	stop context.CancelFunc
	done chan error
}

func servePipes(t *testing.T, change func(*api.Config)) *piped {
	t.Helper()
	p := &piped{
		t: t, log: apitest.New(), done: make(chan error, 1),
		in: &pipes{conns: make(chan net.Conn), closed: make(chan struct{})},
	}
	conf := api.Config{Node: p.log, Listener: p.in}
	if change != nil {
		change(&conf)
	}
	var err error
	if p.srv, err = api.New(conf); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	p.stop = cancel
	go func() { p.done <- p.srv.Run(ctx) }()
	return p
}

// end stops the server and checks that nothing is left.
func (p *piped) end() {
	p.t.Helper()
	p.stop()
	if err := <-p.done; err != nil {
		p.t.Errorf("Run: %v", err)
	}
	if p.srv.InUse() != [3]int64{} {
		p.t.Errorf("still in use: %v", p.srv.InUse())
	}
}

// dial opens a connection and sends text.
func (p *piped) dial(text string) net.Conn {
	p.t.Helper()
	client, server := net.Pipe()
	p.in.conns <- server
	if _, err := io.WriteString(client, text); err != nil {
		p.t.Fatal(err)
	}
	return client
}

func head(method, path string, headers ...string) string {
	text := method + " " + path + " HTTP/1.1\r\nHost: localhost\r\n"
	for _, h := range headers {
		text += h + "\r\n"
	}
	return text + "\r\n"
}

// answer reads one.
func (p *piped) answer(conn net.Conn) (status int, body string) {
	p.t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		p.t.Fatal(err)
	}
	return resp.StatusCode, string(data)
}

func (p *piped) want(conn net.Conn, status int, text string) {
	p.t.Helper()
	got, body := p.answer(conn)
	if got != status || !strings.Contains(body, text) {
		p.t.Fatalf("status %d %s, want %d with %q", got, body, status, text)
	}
}
