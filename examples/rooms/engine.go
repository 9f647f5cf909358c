package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/centrifugal/centrifuge"

	"github.com/seed14814784/holdfast/transport"
)

// engine is a Centrifugo engine whose listener can go away and come back. The
// node stays, and with it the history of its rooms.
type engine struct {
	node    *centrifuge.Node
	handler http.Handler
	addr    string
	over    atomic.Bool    // there is no party any more
	guests  sync.WaitGroup // clients that the node knows

	mu      sync.Mutex
	server  *http.Server
	sockets map[net.Conn]struct{}
}

func newEngine() (*engine, error) {
	node, err := centrifuge.New(centrifuge.Config{LogLevel: centrifuge.LogLevelNone})
	if err != nil {
		return nil, err
	}
	e := &engine{node: node, sockets: map[net.Conn]struct{}{}}
	node.OnConnecting(func(_ context.Context, c centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		// Here a server would look at the token. Ours is the name itself.
		return centrifuge.ConnectReply{Credentials: &centrifuge.Credentials{UserID: c.Token}}, nil
	})
	node.OnConnect(e.welcome)
	if err := node.Run(); err != nil {
		return nil, err
	}
	e.handler = centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{})
	// The port is not one that the system gives to outbound connections: while
	// the server is away nobody gets it by chance.
	e.addr = fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(12000))
	if err := e.start(); err != nil {
		return nil, errors.Join(err, e.close())
	}
	return e, nil
}

func (e *engine) address() transport.Address { return transport.Static("ws://" + e.addr) }

// welcome says what a client may do: be in rooms that exist, with a history that
// it can go on in, and ask who is there.
func (e *engine) welcome(c *centrifuge.Client) {
	e.guests.Add(1)
	c.OnDisconnect(func(centrifuge.DisconnectEvent) { e.guests.Done() })
	exists := func(room string) error {
		if room == party && e.over.Load() {
			return centrifuge.ErrorUnknownChannel
		}
		return nil
	}
	c.OnSubscribe(func(s centrifuge.SubscribeEvent, answer centrifuge.SubscribeCallback) {
		answer(centrifuge.SubscribeReply{Options: centrifuge.SubscribeOptions{EnableRecovery: true, EmitPresence: true}}, exists(s.Channel))
	})
	c.OnPresence(func(p centrifuge.PresenceEvent, answer centrifuge.PresenceCallback) {
		answer(centrifuge.PresenceReply{}, exists(p.Channel))
	})
}

// start opens the listener, at the same address every time.
func (e *engine) start() error {
	listener, err := net.Listen("tcp", e.addr)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: e.handler, ConnState: func(conn net.Conn, state http.ConnState) {
		if state == http.StateNew { // those that are upgraded the server forgets
			e.mu.Lock()
			e.sockets[conn] = struct{}{}
			e.mu.Unlock()
		}
	}}
	e.mu.Lock()
	e.server = server
	e.mu.Unlock()
	go func() { _ = server.Serve(listener) }()
	return nil
}

// stop closes the listener, cuts every socket without a word, and waits until the
// node counts nobody in any more.
func (e *engine) stop() error {
	e.mu.Lock()
	err := e.server.Close()
	for conn := range e.sockets {
		_ = conn.Close() // the server has closed it already if it was not upgraded
	}
	clear(e.sockets)
	e.mu.Unlock()
	e.guests.Wait()
	return err
}

// close ends it all.
func (e *engine) close() error {
	e.mu.Lock()
	up := e.server != nil
	e.mu.Unlock()
	var err error
	if up {
		err = e.stop()
	}
	return errors.Join(err, e.node.Shutdown(context.Background()))
}

// kept is how many publications the history of a room usually has.
const kept = 100

// publish says something in a room, and leaves that many publications in its
// history. It is called while nobody joins: the engine's broker in memory does not
// like both at once.
func (e *engine) publish(history int, room string, said ...string) error {
	for _, data := range said {
		if _, err := e.node.Publish(room, []byte(data), centrifuge.WithHistory(history, time.Hour)); err != nil {
			return err
		}
	}
	return nil
}

// kick takes a user out of a room, with the code of an unsubscribe that is final.
func (e *engine) kick(user, room string) error {
	return e.node.Unsubscribe(user, room, centrifuge.WithCustomUnsubscribe(centrifuge.Unsubscribe{Code: 2000, Reason: "not in that tone"}))
}
