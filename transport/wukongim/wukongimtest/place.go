package wukongimtest

import (
	"fmt"
	"slices"

	"github.com/seed14814784/holdfast/transport/wukongim/internal/wire"
)

// makeRoom ends what cannot be online next to the new connection.
func (u *user) makeRoom(c *Conn) {
	for _, old := range slices.Clone(u.conns) {
		switch {
		case old.stage != online || old.device.flag != c.device.flag:
		case old.device == c.device:
			old.lose()
		case c.level == master:
			old.kick(byOtherDevice)
		}
	}
}

// kick tells a connection that it lost its place.
func (c *Conn) kick(words string) {
	c.disconnect(connectKick, words)
	c.lose()
}

// lose takes its place from a connection: it is closed, or soon a zombie.
func (c *Conn) lose() {
	s := c.server
	if s.fades == 0 {
		c.hangUp(closed)
		return
	}
	if c.stage != online {
		return
	}
	c.stage = fading
	c.later(s.zombie, func() { c.hangUp(closed) })
	c.later(s.fades, c.bury)
}

// bury makes a zombie of the connection: the user does not have it any more, and
// nobody answers it.
func (c *Conn) bury() {
	c.leave()
	c.stage = zombie
}

// leave takes the connection from its user. s.mu is held.
func (c *Conn) leave() {
	if u := c.server.world.users[c.device.uid]; u != nil {
		u.conns = slices.DeleteFunc(u.conns, func(other *Conn) bool { return other == c })
	}
	for _, d := range c.unacked {
		c.cancel(d.timer)
	}
	c.unacked = nil
	c.stage = ended
}

// disconnect says that the connection is not wanted. s.mu is held.
func (c *Conn) disconnect(reason byte, words string) {
	line := fmt.Sprintf("DISCONNECT %d %q", reason, words)
	p := wire.Disconnect{Reason: reason, Text: words}
	if c.rpc {
		c.call(line, p.AppendJSON(nil, ""))
		return
	}
	c.frame(line, &p)
}
