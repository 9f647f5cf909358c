// Wukongim lets alice and bob chat in a group of a WuKongIM server, over which the
// server restarts: what was said meanwhile arrives, once and in order. The server is a
// fake in this process, and a real one if you name it:
//
//	go run ./examples/wukongim -addr tcp://127.0.0.1:5100 -api http://127.0.0.1:5001
//
// A real one is not restarted; the two dial again instead, one after the other. The
// example ends by itself, with a line that begins with "ok:".
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/transport/wukongim"
)

func main() {
	addr := flag.String("addr", "", "the server: tcp://host:port, or ws://host:port; empty: a fake one")
	api := flag.String("api", "", "its HTTP API: http://host:port")
	flag.Parse()
	if err := run(*addr, *api); err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
}

func run(addr, api string) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	server, err := newServer(addr, api)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.close()) }()
	group := fmt.Sprintf("tea-%x", time.Now().UnixNano())
	if err := server.prepare(ctx, group, "alice", "bob"); err != nil {
		return err
	}

	fleet, err := supervisor.New(
		supervisor.WithDialer(wukongim.Dialer()),
		supervisor.WithProtocol(wukongim.New(wukongim.Options{Syncer: wukongim.API(server.api)})),
		supervisor.WithStrategy(supervisor.Fixed{Interval: 200 * time.Millisecond}),
	)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, fleet.Close(context.WithoutCancel(ctx))) }()
	if err := fleet.Listen("print", show); err != nil {
		return err
	}
	alice, err := newUser(ctx, fleet, server, "alice", group)
	if err != nil {
		return err
	}
	bob, err := newUser(ctx, fleet, server, "bob", group)
	if err != nil {
		return err
	}

	say("they chat")
	if err := errors.Join(
		alice.tell(ctx, "hello bob"), bob.hear(ctx, "hello bob"),
		bob.tell(ctx, "hello alice"), alice.hear(ctx, "hello alice"),
	); err != nil {
		return err
	}

	say(server.trouble())
	if err := server.down(ctx, alice, bob); err != nil {
		return err
	}
	question, err := bob.say(ctx, "are you still there?") // it leaves when bob is back
	if err != nil {
		return err
	}
	if err := server.up(); err != nil {
		return err
	}
	if err := errors.Join(
		question(), alice.hear(ctx, "are you still there?"),
		alice.tell(ctx, "of course"), bob.hear(ctx, "of course"),
	); err != nil {
		return err
	}

	say("goodbye")
	fmt.Printf("ok: alice heard %d messages and bob %d, each once; they logged in %d and %d times\n",
		alice.count(), bob.count(), alice.channel.Snapshot().Attempts, bob.channel.Snapshot().Attempts)
	return nil
}

var start = time.Now()

// say prints what is about to happen.
func say(what string) { fmt.Printf("\n%5.1fs -- %s\n", time.Since(start).Seconds(), what) }

// show prints what becomes of channels and rooms.
func show(event messages.Event) {
	switch e := event.(type) {
	case messages.StatusChanged:
		if e.Cur == messages.Ready || e.Prev == messages.Ready {
			fmt.Printf("%5.1fs %v\n", time.Since(start).Seconds(), e)
		}
	case messages.RoomChanged:
		fmt.Printf("%5.1fs %v\n", time.Since(start).Seconds(), e)
	}
}
