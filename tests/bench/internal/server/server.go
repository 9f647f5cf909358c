// Package server is the other end of all connections. It is the same for every
// peer, and as cheap as it can be with little code, so that it is the client that
// is measured: it reads frames without looking into them, and writes frames that
// were made before.
package server

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/rpc"
	"os"
	"sync"

	"github.com/seed14814784/holdfast/tests/bench/internal/gauge"
)

// Brief is what a server is told when it starts.
type Brief struct {
	Listen []string // addresses; a port of 0 is any that clients do not dial from
	Echo   bool     // messages are sent back
	Cert   []byte   // PEM; nil: no TLS
	Key    []byte
}

// Addresses is what a server says when it listens.
type Addresses struct {
	Data    []string
	Control string
}

// server counts what comes.
type server struct {
	echo     bool
	received *gauge.Tally // messages
	pings    *gauge.Tally
	taken    *gauge.Tally // of what was written

	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

// Serve listens, says where on standard output, and returns when standard input
// ends.
func Serve(b Brief, input io.Reader) error {
	s := &server{echo: b.Echo, received: gauge.NewTally(), pings: gauge.NewTally(), taken: gauge.NewTally(), conns: map[net.Conn]struct{}{}}
	var where Addresses
	for _, addr := range b.Listen {
		listener, err := listen(addr)
		if err != nil {
			return err
		}
		where.Data = append(where.Data, listener.Addr().String())
		if b.Cert != nil {
			pair, err := tls.X509KeyPair(b.Cert, b.Key)
			if err != nil {
				return err
			}
			listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}})
		}
		go s.accept(listener)
	}
	control, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	where.Control = control.Addr().String()
	door := rpc.NewServer()
	if err := door.RegisterName("Server", &Control{s}); err != nil {
		return err
	}
	go door.Accept(control)
	if err := json.NewEncoder(os.Stdout).Encode(where); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, input)
	return nil
}

// listen takes a port below those that the system gives to clients. Another one
// could be the source of somebody's connection when a server that was killed
// wants it back.
func listen(addr string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || port != "0" {
		return net.Listen("tcp", addr)
	}
	for range 100 {
		var listener net.Listener
		if listener, err = net.Listen("tcp", fmt.Sprintf("%s:%d", host, 20_000+rand.N(10_000))); err == nil {
			return listener, nil
		}
	}
	return nil, err
}

func (s *server) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go s.socket(conn)
	}
}
