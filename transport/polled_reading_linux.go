//go:build !goroutines

package transport

import (
	"errors"
	"io"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// take reads what is there.
func (d *polled) take() ([]byte, error) {
	d.reading.Lock()
	defer d.reading.Unlock()
	if d.closed {
		return nil, net.ErrClosed
	}
	if d.buffer == nil {
		d.buffer = readBuffers.Get().(*[readSize]byte)
	}
	n, err := d.read(d.buffer[:])
	if n > 0 {
		return d.buffer[:n], nil
	}
	d.giveBack()
	if errors.Is(err, errAgain) {
		err = ErrWouldBlock
		if d.late {
			err = os.ErrDeadlineExceeded
		}
	}
	return nil, err
}

// receive reads from the system. When less came than there was room for, nothing is
// left, and nothing is asked for until there is another event: that would be a call of
// the system for every message. Only an ending may follow without one.
func (d *polled) receive(b []byte) (int, error) {
	event := d.events.Load() // before the read: what comes after it has another number
	if d.empty == event && event > 0 && !d.ending.Load() {
		return 0, errAgain
	}
	n, err := uninterrupted(func() (int, error) { return unix.Read(int(d.fd), b) })
	switch {
	case n > 0:
		if d.empty = 0; n < len(b) {
			d.empty = event
		}
		return n, nil
	case err == nil:
		return 0, io.EOF
	case errors.Is(err, unix.EAGAIN):
		return 0, errAgain
	}
	return 0, os.NewSyscallError("read", err)
}

func (d *polled) giveBack() {
	if d.buffer != nil {
		readBuffers.Put(d.buffer)
		d.buffer = nil
	}
}

// uninterrupted repeats a call that a signal interrupted.
func uninterrupted(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}
