package main

import (
	"context"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// loops is what a careful program writes by hand over gorilla/websocket: for
// each connection a goroutine that dials, reads until the end, waits and dials
// again, and while it is up another one with a ticker that pings. Its dials are
// bounded, its backoff jittered, its reads have a deadline that pongs move.
type loops struct {
	dials    chan struct{}
	stop     chan struct{}
	running  sync.WaitGroup
	sockets  []socket
	ups      *tally
	received *tally
}

// socket is the place of one connection. The lock makes one writer of many.
type socket struct {
	mu   sync.Mutex
	conn *websocket.Conn
}

func (l *loops) open(urls []string, ups, received *tally) error {
	l.ups, l.received = ups, received
	l.dials, l.stop = make(chan struct{}, dialsAtOnce), make(chan struct{})
	l.sockets = make([]socket, len(urls))
	for i, url := range urls {
		l.running.Go(func() { l.keep(&l.sockets[i], url) })
	}
	return nil
}

// keep is the life of one connection.
func (l *loops) keep(s *socket, url string) {
	dialer := websocket.Dialer{HandshakeTimeout: handshakeTime}
	for failures := 0; ; {
		l.dials <- struct{}{}
		conn, response, err := dialer.Dial(url, nil)
		<-l.dials
		if response != nil {
			_ = response.Body.Close()
		}
		if err == nil {
			began := time.Now()
			l.live(s, conn)
			if time.Since(began) > 10*time.Second {
				failures = 0
			}
		}
		failures++
		select {
		case <-time.After(backoff(failures)):
		case <-l.stop:
			return
		}
	}
}

// live reads until the connection ends.
func (l *loops) live(s *socket, conn *websocket.Conn) {
	ended := make(chan struct{})
	s.mu.Lock()
	s.conn = conn
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.conn = nil
		s.mu.Unlock()
		close(ended)
		_ = conn.Close()
	}()
	l.running.Go(func() { l.beat(conn, ended) })
	alive := func() { _ = conn.SetReadDeadline(time.Now().Add(pingEvery + pongWithin)) }
	conn.SetPongHandler(func(string) error { alive(); return nil })
	alive()
	l.ups.add(1)
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			return
		}
		l.received.add(1)
	}
}

// beat pings until the connection has ended, and ends it when the program does.
func (l *loops) beat(conn *websocket.Conn, ended chan struct{}) {
	ticker := time.NewTicker(pingEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			_ = conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(pongWithin))
		case <-ended:
			return
		case <-l.stop:
			_ = conn.Close()
			return
		}
	}
}

func (l *loops) watch() error { return nil }
func (l *loops) unwatch()     {}

func (l *loops) send(_ context.Context, from, to int, data []byte) error {
	for i := from; i < to; i++ {
		s := &l.sockets[i]
		s.mu.Lock()
		err := websocket.ErrCloseSent
		if s.conn != nil {
			err = s.conn.WriteMessage(websocket.TextMessage, data)
		}
		s.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *loops) close(context.Context) error {
	close(l.stop)
	l.running.Wait()
	return nil
}
