package client_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"log"
	"os"
	"sync"
	"time"

	"abad/api"
	"abad/api/apitest"
	"abad/client"
)

func ExampleClient_Submit() {
	url, stop := startNode()
	defer stop()

	c, err := client.New(client.Config{URL: url})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	receipt, err := c.Submit(ctx, []byte("hello"))
	if err != nil {
		log.Fatalf("%v (%s)", err, client.Hint(err))
	}
	fmt.Printf("block %d, index %d\n", receipt.Block, receipt.Index)
	// Output: block 1, index 0
}

func ExampleClient_Stream() {
	url, stop := startNode()
	defer stop()

	c, err := client.New(client.Config{URL: url})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	ctx := context.Background()
	for _, text := range []string{"a", "b", "c"} {
		if _, err := c.Submit(ctx, []byte(text)); err != nil {
			log.Fatal(err)
		}
	}
	for entry, err := range c.Stream(ctx, client.Position{Block: 2}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s %s\n", entry.Position(), entry.Value)
		if entry.Block == 3 {
			break
		}
	}
	// Output:
	// 2.0 b
	// 3.0 c
}

// startNode serves a log in memory.
func startNode() (url string, stop func()) {
	ln, err := api.Listen("127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	server, err := api.New(api.Config{Node: apitest.New(), Listener: ln})
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := server.Run(ctx); err != nil {
			log.Print(err)
		}
	})
	return "http://" + ln.Addr().String(), func() { cancel(); running.Wait() }
}

// A client of several nodes sends a value to the next one when one does not answer,
// under the same id, so that it is in the log once.
func ExampleConfig_others() {
	url, stop := startNode()
	defer stop()

	c, err := client.New(client.Config{
		URL:    "http://127.0.0.1:1", // where nobody is
		Others: []string{url},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	id := client.NewID()
	if _, err := c.SubmitID(ctx, id, []byte("hello")); err != nil {
		log.Fatal(err)
	}
	again, err := c.SubmitID(ctx, id, []byte("hello")) // in doubt: send it again
	if err != nil {
		log.Fatal(err)
	}
	page, err := c.Page(ctx, client.Position{Block: 1}, 10)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d value, block %d\n", len(page.Values), again.Block)
	// Output: 1 value, block 1
}

// Tokens and certificates of one's own.
func ExampleConfig_token() {
	pool := x509.NewCertPool()
	if pem, err := os.ReadFile("api.crt"); err == nil {
		pool.AppendCertsFromPEM(pem)
	}
	c, err := client.New(client.Config{
		URL: "https://node0.example.org:7500", Token: os.Getenv("ABAD_TOKEN"), RootCAs: pool,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
}
