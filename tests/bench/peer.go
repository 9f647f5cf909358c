package main

import (
	"context"
	"math/rand/v2"
	"time"
)

// What every peer is given alike.
const (
	dialsAtOnce   = 100              // more overflows the server's queue of connections that wait to be accepted
	pingEvery     = 25 * time.Second // keepalive
	pongWithin    = 10 * time.Second
	backoffBase   = 100 * time.Millisecond
	backoffCap    = 2 * time.Second
	handshakeTime = 10 * time.Second
)

// backoff is the delay before the next attempt, after so many failures in a row:
// full jitter.
func backoff(failures int) time.Duration {
	ceiling := backoffCap
	if n := max(failures-1, 0); n < 10 {
		ceiling = min(backoffBase<<n, backoffCap)
	}
	return rand.N(ceiling)
}

// peer keeps connections alive, one for each URL, and counts.
type peer interface {
	// open starts all connections and returns. ups counts each time that one
	// becomes usable, received each message that comes in.
	open(urls []string, ups, received *tally) error
	// watch and unwatch turn the counting of ups on and off, where it costs.
	watch() error
	unwatch()
	// send writes one message to each of these connections and returns when
	// the system has taken all of them.
	send(ctx context.Context, from, to int, data []byte) error
	// close ends all connections and waits for that.
	close(ctx context.Context) error
}

func newPeer(name string) peer {
	if name == "gorilla" {
		return &loops{}
	}
	return &fleet{}
}
