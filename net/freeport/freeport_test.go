package freeport

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// child makes this test binary a program that takes ports and holds them until its
// standard input ends.
const child = "FREEPORT_CHILD"

// Each of six children takes so many times so many ports: a third of all there are, so
// that other tests that run now find some too.
const takes, takePorts = 20, 40

func TestMain(m *testing.M) {
	if os.Getenv(child) == "" {
		os.Exit(m.Run())
	}
	for range takes {
		first, err := Take(takePorts)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Print(first, " ")
	}
	fmt.Println()
	os.Stdin.Read(make([]byte, 1))
}

// Programs that take ports at the same time, and use none yet, get different ones.
func TestTakeInManyProcesses(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	owner := map[int]int{}
	var all sync.WaitGroup
	for p := range 6 {
		cmd := exec.Command(exe)
		cmd.Env = append(os.Environ(), child+"=1")
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { in.Close(); cmd.Wait() })
		all.Go(func() {
			var line strings.Builder
			buf := make([]byte, 4096)
			for !strings.Contains(line.String(), "\n") {
				n, err := out.Read(buf)
				line.Write(buf[:n])
				if err != nil {
					break
				}
			}
			firsts := strings.Fields(line.String())
			if len(firsts) != takes {
				t.Errorf("process %d: %q", p, line.String())
			}
			mu.Lock()
			defer mu.Unlock()
			for _, text := range firsts {
				var first int
				fmt.Sscan(text, &first)
				for port := first; port < first+takePorts; port++ {
					if other, is := owner[port]; is {
						t.Errorf("port %d is of processes %d and %d", port, other, p)
					}
					owner[port] = p
				}
			}
		})
	}
	all.Wait()
}

func TestRelease(t *testing.T) {
	for range 3 * blocks { // more often than there are blocks
		first, err := Take(1)
		if err != nil {
			t.Fatal(err)
		}
		Release(first)
	}
	Release(1) // nobody's
}

// A port that a stranger has, who asked nobody, is not given.
func TestStrangersPorts(t *testing.T) {
	first, err := Take(2)
	if err != nil {
		t.Fatal(err)
	}
	defer Release(first)
	if !Free(first, 2) {
		t.Fatal("not free")
	}
	udp, err := net.ListenPacket("udp", Addr(first+1))
	if err != nil {
		t.Fatal(err)
	}
	if Free(first, 2) || !Free(first, 1) {
		t.Error("with a UDP port taken")
	}
	udp.Close()
	tcp, err := net.Listen("tcp", Addr(first))
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	if Free(first, 1) || !Free(first+1, 1) {
		t.Error("with a TCP port taken")
	}
}

func TestTakeBounds(t *testing.T) {
	for _, n := range []int{-1, 0, maxTogether + 1} {
		if _, err := Take(n); err == nil {
			t.Errorf("%d ports", n)
		}
	}
}
