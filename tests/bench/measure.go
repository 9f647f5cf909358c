package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

const (
	// active is how many connections have traffic in the measurements of it.
	active = 1000
	// senders is how many goroutines send.
	senders = 4
	// settle is how long the goroutines of dials have to go before idle
	// connections are looked at.
	settle = 300 * time.Millisecond
)

// client measures one peer.
type client struct {
	peer     peer
	n        int
	addrs    []string
	ups      *tally // connections that became usable
	received *tally
	figures  figures
}

// measure prints the figures of one peer, then waits for standard input to end.
func measure(ctx context.Context, s settings) error {
	descriptors()
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	go func() { // whoever started this process is gone
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
	c := &client{
		peer: newPeer(s.peer), n: s.n, addrs: strings.Split(s.addr, ","),
		ups: newTally(), received: newTally(), figures: figures{},
	}
	for _, phase := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"open", c.open}, {"send", c.send}, {"receive", c.receive}, {"restart", c.restart},
	} {
		if err := profiled(s, phase.name, func() error { return phase.run(ctx) }); err != nil {
			return fmt.Errorf("%s: %s: %w", s.peer, phase.name, err)
		}
	}
	if err := c.peer.close(ctx); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(c.figures)
}

// rate notes how many there were in a second.
func (c *client) rate(metric string, count int, began time.Time) {
	c.figures[metric] = float64(count) / time.Since(began).Seconds()
}

// open opens everything, and looks at what it costs when nothing happens.
func (c *client) open(ctx context.Context) error {
	urls := make([]string, c.n)
	for i := range urls {
		urls[i] = "ws://" + c.addrs[i/perAddress] + "/socket"
	}
	before := weigh()
	began := time.Now()
	if err := c.peer.open(urls, c.ups, c.received); err != nil {
		return err
	}
	if err := c.ups.await(ctx, int64(c.n)); err != nil {
		return err
	}
	c.rate("opens_per_second", c.n, began)
	c.peer.unwatch()
	time.Sleep(settle)
	c.figures.weight(before, weigh(), c.n)
	return nil
}

// send writes one message to each connection, over and over.
func (c *client) send(ctx context.Context) error {
	conns := min(c.n, active)
	each := max(min(100_000, 100*c.n)/conns, 1)
	data := []byte(strings.Repeat("x", size))
	errs := make([]error, senders)
	began := time.Now()
	var sending sync.WaitGroup
	for s := range senders {
		sending.Go(func() {
			for range each {
				if errs[s] = c.peer.send(ctx, s*conns/senders, (s+1)*conns/senders, data); errs[s] != nil {
					return
				}
			}
		})
	}
	sending.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	c.rate("sends_per_second", each*conns, began)
	return ask(ctx, c.addrs[0], fmt.Sprintf("/received?atleast=%d", each*conns))
}

// receive lets the server write, first each message by itself, then sixteen at
// once.
func (c *client) receive(ctx context.Context) error {
	conns := min(c.n, active)
	for metric, batch := range map[string]int{"receives_per_second": 1, "receives_batched_per_second": 16} {
		each := max(min(100_000, 100*c.n)*batch/conns/4, 1) / batch * batch
		if batch == 1 {
			each *= 4
		}
		target := c.received.now() + int64(each*conns)
		began := time.Now()
		if err := ask(ctx, c.addrs[0], fmt.Sprintf("/burst?conns=%d&each=%d&batch=%d", conns, each, batch)); err != nil {
			return err
		}
		if err := c.received.await(ctx, target); err != nil {
			return err
		}
		c.rate(metric, each*conns, began)
	}
	return nil
}

// restart has the server drop everything and waits until all are back.
func (c *client) restart(ctx context.Context) error {
	if err := c.peer.watch(); err != nil {
		return err
	}
	target := c.ups.now() + int64(c.n)
	began := time.Now()
	if err := ask(ctx, c.addrs[0], "/drop"); err != nil {
		return err
	}
	if err := c.ups.await(ctx, target); err != nil {
		return err
	}
	c.rate("restarts_per_second", c.n, began)
	return nil
}
