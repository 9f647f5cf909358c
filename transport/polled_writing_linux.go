//go:build !goroutines

package transport

import (
	"errors"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// pen is what writing needs while something is under way.
type pen struct {
	rest     []byte // of what must be taken entirely before it counts
	parcel   parcel // that counts then
	stall    *time.Timer
	patience time.Time     // when stall is due
	left     chan struct{} // closed once nothing waits; nil: nobody waits for that
}

var pens = sync.Pool{New: func() any { return new(pen) }}

// parcel is what was made ready to be written at once.
type parcel struct {
	size int // of it, as it was queued
	step step
}

// wake writes what waits, as far as there is room. What was taken shows in Written
// when wake returns, so that only an error is reported.
func (d *polled) wake() {
	if !d.blocked {
		if failed := d.flush(); failed {
			d.conn.later()
		}
	}
}

// flush writes until nothing waits or there is no more room; then the poller says
// when there is. It is called with mu held.
func (d *polled) flush() (failed bool) {
	if d.pen == nil && !d.closed {
		d.pen = pens.Get().(*pen)
	}
	for !d.closed {
		if d.pen.rest == nil && !d.prepare() {
			d.calm()
			return false
		}
		n, err := uninterrupted(func() (int, error) { return unix.Write(int(d.fd), d.pen.rest) })
		if err == nil { // also of an empty frame
			d.count(n)
		}
		switch {
		case errors.Is(err, unix.EAGAIN):
			d.block()
			return false
		case err != nil:
			d.calm()
			d.conn.took(0, stepPong, os.NewSyscallError("write", err))
			return true
		}
	}
	return false
}

// prepare makes the next bytes ready; false: there are none.
func (d *polled) prepare() bool {
	for {
		if d.secure != nil {
			if b := d.unseal(); len(b) > 0 {
				d.pen.rest = b
				return true
			}
			d.pen.parcel = parcel{}
		}
		out, step := d.conn.next(nil)
		switch step {
		case stepRest:
			return false
		case stepEnd:
			d.closeWrite()
			continue
		case stepPong, stepData:
		}
		d.pen.parcel = parcel{len(out), step}
		if d.secure == nil {
			d.pen.rest = out
			return true
		}
		if _, err := d.secure.Write(out); err != nil { // it keeps everything, unless it is broken
			d.conn.took(0, stepPong, err)
		}
	}
}

// count notes what the system has taken. Plain bytes count at once, sealed ones when
// all of a parcel is gone.
func (d *polled) count(n int) {
	p := d.pen
	p.rest = p.rest[n:]
	if d.secure == nil {
		d.conn.took(n, p.parcel.step, nil)
	} else if len(p.rest) == 0 {
		d.conn.took(p.parcel.size, p.parcel.step, nil)
		p.parcel = parcel{} // what TLS answers meanwhile is no part of it
	}
	if len(p.rest) == 0 {
		p.rest = nil
		d.progressed()
	}
}

// closeWrite ends the stream of this side: TLS says so with a close-notify.
func (d *polled) closeWrite() {
	if d.secure != nil {
		_ = d.secure.CloseWrite()
		return
	}
	_ = unix.Shutdown(int(d.fd), unix.SHUT_WR)
}

// block waits for room, for as long as a write may take.
func (d *polled) block() {
	if !d.blocked {
		d.blocked = true
		if d.number != 0 {
			d.poller.want(d, true)
		}
	}
	if p := d.pen; p.stall == nil {
		p.patience = time.Now().Add(d.conn.limits().writeTimeout)
		p.stall = time.AfterFunc(d.conn.limits().writeTimeout, d.stalled)
	}
}

// progressed begins the time that a write may take anew.
func (d *polled) progressed() {
	if p := d.pen; p.stall != nil {
		p.patience = time.Now().Add(d.conn.limits().writeTimeout)
		p.stall.Reset(d.conn.limits().writeTimeout)
	}
}

// calm is after everything was written, or nothing will be any more.
func (d *polled) calm() {
	p := d.pen
	if p == nil {
		return
	}
	if p.stall != nil {
		p.stall.Stop()
	}
	if p.left != nil {
		close(p.left)
	}
	d.pen, *p = nil, pen{}
	pens.Put(p)
}

// stalled ends a write that took too long. The timer may have run out while there was
// progress.
func (d *polled) stalled() {
	d.conn.mu.Lock()
	due := d.pen != nil && d.pen.stall != nil && d.blocked && !d.closed && !time.Now().Before(d.pen.patience)
	if due {
		d.calm()
		d.conn.took(0, stepPong, os.ErrDeadlineExceeded)
	}
	d.conn.mu.Unlock()
	if due {
		d.conn.tell()
	}
}
