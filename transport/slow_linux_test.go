package transport

import (
	"context"
	"net"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// narrow makes connections that take bytes in small portions.
func narrow(ctx context.Context, network, addr string) (net.Conn, error) {
	dialer := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) error {
		return raw.Control(func(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_MAXSEG, 536) })
	}}
	sock, err := dialer.DialContext(ctx, network, addr)
	if err == nil {
		err = sock.(*net.TCPConn).SetWriteBuffer(16 << 10)
	}
	return sock, err
}

// A peer that takes a little now and then holds a write up as one that takes nothing: what
// counts is whether 64 KiB go in time.
func TestAPeerThatTakesTooLittleIsAWriteTimeout(t *testing.T) {
	onEveryDoor(t, func(t *testing.T, d door) {
		t.Parallel()
		u, c := d.meets(t, &WebSocket{NetDial: narrow, WriteTimeout: time.Second}, func(r *rogue) {
			_ = r.sock.SetReadBuffer(4 << 10)
			taken := 0
			for b := make([]byte, 1<<10); taken < 256<<10; time.Sleep(20 * time.Millisecond) {
				n, err := r.sock.Read(b)
				if err != nil {
					return
				}
				taken += n
			}
		})
		if err := c.Write(Frame{FrameBinary, make([]byte, 2<<20)}); err != nil {
			t.Fatal(err)
		}
		_, err := u.read()
		same(t, "the end", code(err), "WriteTimeout")
		u.abort()
		same(t, "written", c.Written(), uint64(0))
	})
}
