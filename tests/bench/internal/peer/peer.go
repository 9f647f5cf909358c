// Package peer has those that are measured: Holdfast, and what a careful program
// writes by hand over the WebSocket libraries that it could have taken instead.
package peer

import (
	"context"
	"crypto/tls"
	"fmt"
	"time"
)

// What every peer is given alike.
const (
	dialsAtOnce   = 100 // more overflow the server's queue of connections that wait to be accepted
	handshakeTime = 10 * time.Second
	pongWithin    = 10 * time.Second
)

// Config is what a question wants of the peers.
type Config struct {
	TLS *tls.Config // for wss; must name the server

	// Heartbeat is the time between pings. 0 is none for the libraries, and the
	// default for Holdfast, which is always supervised and never bare.
	Heartbeat time.Duration

	// Reconnect has lost connections dialled again, with everybody's own backoff.
	Reconnect bool

	// DialsPerSecond is where Holdfast's gate stands; 0: far open, with as many
	// dials at once as the libraries make when they open. The libraries have no gate.
	DialsPerSecond float64

	// What the question hears of, from any goroutine; nil: nothing. Received
	// must not keep what it gets.
	Received         func(data []byte)
	Dialed, Up, Down func()
}

// Peer keeps connections. Only Send and Flush are used concurrently, for
// different connections.
type Peer interface {
	// Open opens a connection for each URL and returns when all are usable. It
	// can be called again for more.
	Open(ctx context.Context, urls []string) error
	// Send writes a text message to the connection of this number. It may return
	// before the system has taken the message, if it takes no second one before.
	// The data belongs to the peer until Flush.
	Send(ctx context.Context, i int, data []byte) error
	// Flush returns when the system has taken what was sent to this connection.
	Flush(ctx context.Context, i int) error
	// Close ends all connections and returns when they are gone.
	Close(ctx context.Context) error
}

// Names are all peers: Holdfast, then the others in the order of the tables.
var Names = []string{"holdfast", "gorilla", "gorilla_tuned", "coder", "gws", "gobwas", "nbio"}

// New is the peer of this name.
func New(name string, c Config) (Peer, error) {
	fill(&c)
	switch name {
	case "holdfast":
		return &fleet{config: c, ups: make(chan struct{}, 1)}, nil
	case "gorilla":
		return newLoops(c, newGorilla(c)), nil
	case "gorilla_tuned":
		return newLoops(c, newGorilla(c).tuned()), nil
	case "coder":
		return newLoops(c, newCoder(c)), nil
	case "gws":
		return newLoops(c, newGWS(c)), nil
	case "gobwas":
		return newLoops(c, newGobwas(c)), nil
	case "nbio":
		library, err := newNBIO(c)
		return newLoops(c, library), err
	}
	return nil, fmt.Errorf("no peer is called %q; there are %v", name, Names)
}

func fill(c *Config) {
	for _, fn := range []*func(){&c.Dialed, &c.Up, &c.Down} {
		if *fn == nil {
			*fn = func() {}
		}
	}
	if c.Received == nil {
		c.Received = func([]byte) {}
	}
}
