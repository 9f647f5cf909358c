// Command bench measures what a channel costs, next to what a careful program
// with gorilla/websocket and a loop of its own pays for the same. README.md
// explains every figure.
//
//	go run . -n 5000 -json
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

// settings are what the flags say. The processes of one run share them.
type settings struct {
	n       int           // connections
	rounds  int           // how often each peer is measured; medians are reported
	timeout time.Duration // for one peer in one round
	json    bool
	profile string // folder for profiles; "" for none

	role string // of this process: "" measures by starting the other two
	peer string // the client's: whom to measure
	addr string // the client's: where the server listens, separated by commas
}

func main() {
	var s settings
	flag.IntVar(&s.n, "n", 5000, "connections")
	flag.IntVar(&s.rounds, "rounds", 3, "rounds; medians are reported")
	flag.DurationVar(&s.timeout, "timeout", 3*time.Minute, "limit for one peer in one round")
	flag.BoolVar(&s.json, "json", false, "end with one line of JSON")
	flag.StringVar(&s.profile, "profile", "", "write CPU profiles of each phase and a heap profile into this folder")
	flag.StringVar(&s.role, "role", "", "internal: what this process is")
	flag.StringVar(&s.peer, "peer", "", "internal: whom the client measures")
	flag.StringVar(&s.addr, "addr", "", "internal: where the server listens")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := s.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (s settings) run(ctx context.Context) error {
	switch s.role {
	case "server":
		return serve(s)
	case "client":
		return measure(ctx, s)
	}
	if s.n < 1 || s.rounds < 1 {
		return fmt.Errorf("-n is %d and -rounds is %d; both must be above zero", s.n, s.rounds)
	}
	if most := descriptors() - spareDescriptors; s.n > most {
		fmt.Printf("a process may open %d descriptors here: n is %d instead of %d\n", descriptors(), most, s.n)
		s.n = most
	}
	return compare(ctx, s)
}
