package client_test

import (
	"context"
	"fmt"
	"log"
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
