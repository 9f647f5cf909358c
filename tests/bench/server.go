package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// perAddress is how many connections share one address of the server: the
// system has about 28,000 ports for each, and a restart uses twice as many.
const perAddress = 10_000

// size is how long a measured message is.
const size = 128

// server holds the other ends of all connections. It counts what comes, and
// does what the client asks for over HTTP.
type server struct {
	upgrader websocket.Upgrader
	received *tally

	mu    sync.Mutex
	conns map[*websocket.Conn]struct{}
}

// serve listens until standard input ends.
func serve(s settings) error {
	descriptors()
	v := &server{received: newTally(), conns: map[*websocket.Conn]struct{}{}}
	mux := http.NewServeMux()
	mux.HandleFunc("/socket", v.socket)
	mux.HandleFunc("/drop", v.drop)
	mux.HandleFunc("/burst", v.burst)
	mux.HandleFunc("/received", v.await)
	var addrs []string
	for i := range (s.n-1)/perAddress + 1 {
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.%d:0", i+1))
		if err != nil {
			return err
		}
		addrs = append(addrs, listener.Addr().String())
		go func() { _ = http.Serve(listener, mux) }()
	}
	fmt.Println(strings.Join(addrs, ","))
	_, _ = io.Copy(io.Discard, os.Stdin)
	return nil
}

// socket reads and counts until the connection ends.
func (v *server) socket(w http.ResponseWriter, r *http.Request) {
	conn, err := v.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	v.mu.Lock()
	v.conns[conn] = struct{}{}
	v.mu.Unlock()
	defer func() {
		v.mu.Lock()
		delete(v.conns, conn)
		v.mu.Unlock()
		_ = conn.Close()
	}()
	conn.SetPingHandler(func(data string) error { // the usual one leaves a deadline behind that burst would run into
		return conn.WriteControl(websocket.PongMessage, []byte(data), time.Time{})
	})
	for {
		_, message, err := conn.NextReader()
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, message); err != nil {
			return
		}
		v.received.add(1)
	}
}

func (v *server) all() []*websocket.Conn {
	v.mu.Lock()
	defer v.mu.Unlock()
	all := make([]*websocket.Conn, 0, len(v.conns))
	for conn := range v.conns {
		all = append(all, conn)
	}
	return all
}

// drop ends every connection without a word.
func (v *server) drop(http.ResponseWriter, *http.Request) {
	for _, conn := range v.all() {
		_ = conn.NetConn().Close()
	}
}

// burst writes so many messages to each of so many connections, in turn, so
// many of them in one piece.
func (v *server) burst(w http.ResponseWriter, r *http.Request) {
	conns, each, batch := number(r, "conns"), number(r, "each"), number(r, "batch")
	frame := binary.BigEndian.AppendUint16([]byte{0x81, 126}, size) // final, text (RFC 6455, 5.2)
	frame = append(frame, strings.Repeat("x", size)...)
	piece := slices.Repeat(frame, batch)
	all := v.all()
	all = all[:min(conns, len(all))]
	var writers sync.WaitGroup
	var lost atomic.Bool
	for half := range slices.Chunk(all, (len(all)+1)/2) {
		writers.Go(func() {
			for range each / batch {
				for _, conn := range half {
					if _, err := conn.NetConn().Write(piece); err != nil {
						lost.Store(true)
						return
					}
				}
			}
		})
	}
	writers.Wait()
	if lost.Load() {
		http.Error(w, "a connection was lost", http.StatusInternalServerError)
	}
}

// await answers when so many messages have come since the server began.
func (v *server) await(w http.ResponseWriter, r *http.Request) {
	if err := v.received.await(r.Context(), int64(number(r, "atleast"))); err != nil {
		w.WriteHeader(http.StatusGatewayTimeout)
	}
}

func number(r *http.Request, name string) int {
	n, _ := strconv.Atoi(r.FormValue(name))
	return max(n, 1)
}

// ask makes the server do something and waits until it has.
func ask(ctx context.Context, addr, what string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+what, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the server answered %s to %s", response.Status, what)
	}
	return nil
}
