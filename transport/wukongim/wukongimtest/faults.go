package wukongimtest

import (
	"github.com/seed14814784/holdfast/transport/wukongim/internal/wire"
)

// faults are what a test wants of a connection.
type faults struct {
	silent    bool
	frozen    bool // nothing ends the connection but the test
	unsent    int  // SENDACKs that are lost
	holding   bool // SENDACKs wait
	held      []func()
	skipped   int // RECVs that are lost
	forgeries []Forgery
}

// acknowledge writes a SENDACK, or loses it, or keeps it.
func (f *faults) acknowledge(write func()) {
	switch {
	case f.unsent > 0:
		f.unsent--
	case f.holding:
		f.held = append(f.held, write)
	default:
		write()
	}
}

func (f *faults) skips() bool {
	if f.skipped == 0 {
		return false
	}
	f.skipped--
	return true
}

func (f *faults) forges() Forgery {
	if len(f.forgeries) == 0 {
		return 0
	}
	first := f.forgeries[0]
	f.forgeries = f.forgeries[1:]
	return first
}

// locked does something to a connection that has not ended.
func (c *Conn) locked(do func()) {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	if c.stage != ended {
		do()
	}
}

// Drop ends the connection without a word: the client reads what was said, then an
// EOF.
func (c *Conn) Drop() { c.locked(func() { c.hangUp(eof) }) }

// Reset ends the connection with an RST: the client reads ECONNRESET.
func (c *Conn) Reset() { c.locked(c.reset) }

func (c *Conn) reset() {
	c.note("peer> ", "reset")
	c.leave()
	c.line.Reset()
}

// Silence says nothing any more. What the client says is still taken: its messages
// are delivered, and never acknowledged.
func (c *Conn) Silence() {
	c.locked(func() {
		c.note("peer> ", "silent")
		c.faults.silent = true
		c.line.Silence() // no pongs of WebSocket either
	})
}

// HalfOpen neither reads nor writes any more, nor ends the connection: the machine
// lost its power. Only Drop, Reset and the server's Down, Kill and Close do
// something after it.
func (c *Conn) HalfOpen() {
	c.locked(func() {
		c.note("peer> ", "half-open")
		c.faults.silent, c.faults.frozen = true, true
		c.line.HalfOpen()
	})
}

// Disconnect sends a DISCONNECT and does nothing else: the connection stays as it is.
func (c *Conn) Disconnect(reason byte, words string) {
	c.locked(func() { c.disconnect(reason, words) })
}

// WriteRaw sends bytes as they are: half a frame, noise, what no server says. Over
// WebSocket they are a binary message.
func (c *Conn) WriteRaw(raw []byte) {
	c.locked(func() { c.say("raw", parcel{data: append([]byte(nil), raw...)}) })
}

// DropSendacks loses the next n SENDACKs: the messages are accepted and delivered.
func (c *Conn) DropSendacks(n int) { c.locked(func() { c.faults.unsent += max(n, 0) }) }

// HoldSendacks keeps SENDACKs back until ReleaseSendacks.
func (c *Conn) HoldSendacks() { c.locked(func() { c.faults.holding = true }) }

// ReleaseSendacks sends the SENDACKs that were kept back, in their order.
func (c *Conn) ReleaseSendacks() {
	c.locked(func() {
		for _, write := range c.faults.held {
			write()
		}
		c.faults.holding, c.faults.held = false, nil
	})
}

// SkipRecvs loses the next n RECVs: the client sees a gap in the sequence numbers, and
// they are not sent again.
func (c *Conn) SkipRecvs(n int) { c.locked(func() { c.faults.skipped += max(n, 0) }) }

// Redeliver sends every RECV again that was not acknowledged, at once.
func (c *Conn) Redeliver() {
	c.locked(func() {
		for _, d := range c.unacked {
			c.redeliver(d)
		}
	})
}

// Unacked is the ids of the messages that the client got and has not acknowledged.
func (c *Conn) Unacked() (ids []int64) {
	c.locked(func() {
		for _, d := range c.unacked {
			ids = append(ids, d.message.ID)
		}
	})
	return ids
}

// Forge makes the next RECV one that does not verify. The message stays
// unacknowledged: what is sent again by Redeliver, or in time, is as it should be. A
// connection that is not encrypted has nothing to forge.
func (c *Conn) Forge(forgery Forgery) {
	c.locked(func() {
		if c.ours != nil {
			c.faults.forgeries = append(c.faults.forgeries, forgery)
		}
	})
}

// Forgery is a way in which a RECV is not what the server said.
type Forgery uint8

// The ways.
const (
	WrongKey       Forgery = iota + 1 // the msgKey is that of another message
	GarbledPayload                    // the msgKey is right, and the payload cannot be decrypted
	PlainPayload                      // the payload is plain, NoEncrypt says so, and the msgKey is none
)

// of is the packet that is forged.
func (f Forgery) of(c *Conn, p wire.Recv) packet {
	frame, err := c.ours.AppendRecv(nil, c.version, &p)
	if err != nil {
		panic(err)
	}
	var d wire.Decoder
	whole, _, _, _ := d.Next(frame)
	signed, err := whole.Recv(c.version)
	if err != nil {
		panic(err)
	}
	switch f {
	case GarbledPayload:
		signed.Payload = []byte("nothing that was ever encrypted")
		c.ours.SignRecv(&signed)
	case PlainPayload:
		signed.Payload = p.Payload
		signed.Setting |= wire.NoEncrypt
	default:
		signed.MsgKey[0] ^= 1
	}
	return &signed
}
