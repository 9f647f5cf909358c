package wukongimtest

import (
	"sync"
	"time"

	"github.com/seed14814784/holdfast/transport/wstest"
	"github.com/seed14814784/holdfast/transport/wukongim/internal/wire"
)

// stage is how far a connection is.
type stage uint8

const (
	fresh   stage = iota // there was no CONNECT yet
	refused              // its CONNECT was refused, and nobody says so
	online
	fading // lost its place, and does not show it yet
	zombie // lost its place: nothing is answered any more
	ended
)

// Conn is the server's side of one connection. Its methods may be called from any
// goroutine; after its end they do nothing.
type Conn struct {
	server  *Server
	line    *wstest.Conn
	web     bool
	writing sync.WaitGroup // the writing goroutine
	wake    chan struct{}  // there is something in the queue

	// Of the reading goroutine.
	decided bool // whether it is JSON-RPC
	decoder wire.Decoder
	texts   []byte // the beginning of a call

	// The server's mutex guards the rest.
	stage    stage
	number   uint64 // its id, for /conn/kick
	upgraded bool
	device   device
	level    byte
	version  byte
	rpc      bool
	stuck    bool        // waits for the rest of something that never comes
	poison   *wire.Fault // answers everything, with the id of what was not understood
	poisoned string
	ours     *wire.Cipher
	heard    time.Time // the last packet
	logged   time.Time // the login
	in, out  int       // packets
	queue    []parcel
	timers   map[*time.Timer]struct{}
	unacked  []*delivery
	faults   faults
}

// ending is how the server ends a connection.
type ending uint8

const (
	never  ending = iota
	eof           // without a word
	closed        // as the profile does: a WebSocket may say goodbye
)

// UID is who logged in on the connection.
func (c *Conn) UID() string { return c.device.uid }

// Device is the device flag of the login.
func (c *Conn) Device() byte { return c.device.flag }

// DeviceID is the device id of the login.
func (c *Conn) DeviceID() string { return c.device.id }

// Version is the version of the protocol that was agreed on.
func (c *Conn) Version() byte {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	return c.version
}

// Zombie reports whether the connection lost its place: nothing that the client says
// is answered any more.
func (c *Conn) Zombie() bool {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	return c.stage == zombie
}

// Done is closed when the connection has ended, whoever ended it.
func (c *Conn) Done() <-chan struct{} { return c.line.Done() }
