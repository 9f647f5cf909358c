package transport

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// sink is a socket that takes everything and never says anything.
type sink struct {
	net.Conn
	closed chan struct{}
}

func (s sink) Read([]byte) (int, error)       { <-s.closed; return 0, io.EOF }
func (s sink) Write(b []byte) (int, error)    { return len(b), nil }
func (s sink) Close() error                   { close(s.closed); return nil }
func (sink) SetReadDeadline(time.Time) error  { return nil }
func (sink) SetWriteDeadline(time.Time) error { return nil }
func (sink) LocalAddr() net.Addr              { return nil }
func (sink) RemoteAddr() net.Addr             { return nil }

func BenchmarkParser(b *testing.B) {
	payload := string(make([]byte, 128))
	in := stream(sent(0x82, payload), sent(0x81, payload), sent(0x82, payload), sent(0x81, payload))
	p := newParser(1 << 20)
	b.SetBytes(4 * 128)
	b.ReportAllocs()
	for b.Loop() {
		for rest := in; len(rest) > 0; {
			var err *violation
			if _, rest, _, err = p.next(rest); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkAppendFrame(b *testing.B) {
	payload := make([]byte, 128)
	buffer := make([]byte, 0, 256)
	b.SetBytes(128)
	b.ReportAllocs()
	for b.Loop() {
		buffer = appendFrame(buffer[:0], opBinary, false, payload)
	}
}

func BenchmarkWrite(b *testing.B) { benchmarkWrite(b, false) }

func BenchmarkWriteStream(b *testing.B) { benchmarkWrite(b, true) }

func benchmarkWrite(b *testing.B, stream bool) {
	socket := sink{closed: make(chan struct{})}
	c := newConn(socket, socket, false, stream, nil, ConnInfo{}, testLimits)
	written := make(chan struct{}, 1)
	c.Watch(ring(written))
	frame := Frame{FrameBinary, make([]byte, 128)}
	b.SetBytes(128)
	b.ReportAllocs()
	for b.Loop() {
		for c.Write(frame) != nil {
			<-written
		}
	}
	done := make(chan struct{})
	c.Abort(func() { close(done) })
	<-done
}

// BenchmarkRoundTrip is one message to an echo server on loopback and back.
func BenchmarkRoundTrip(b *testing.B) { benchmarkRoundTrip(b, new(WebSocket), "ws", echo) }

// BenchmarkRoundTripStream is the same without frames.
func BenchmarkRoundTripStream(b *testing.B) { benchmarkRoundTrip(b, new(TCP), "tcp", mirror) }

func benchmarkRoundTrip(b *testing.B, dialer Dialer, scheme string, serve func(net.Conn)) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go func() {
		if conn, err := listener.Accept(); err == nil {
			serve(conn)
			_ = conn.Close()
		}
	}()
	c, err := dialer.Dial(b.Context(), Target{URL: scheme + "://" + listener.Addr().String()})
	_ = listener.Close()
	if err != nil {
		b.Fatal(err)
	}
	bell := make(chan struct{}, 1)
	c.Watch(ring(bell))
	frame := Frame{FrameBinary, make([]byte, 128)}
	b.SetBytes(2 * 128)
	b.ReportAllocs()
	for b.Loop() {
		if err := c.Write(frame); err != nil {
			b.Fatal(err)
		}
		for left := len(frame.Data); left > 0; {
			got, err := c.Read()
			left -= len(got.Data)
			if errors.Is(err, ErrWouldBlock) {
				<-bell
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.StopTimer()
	done := make(chan struct{})
	c.Abort(func() { close(done) })
	<-done
}
