package wukongimtest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seed14814784/holdfast/transport/wukongim/internal/wire"
)

// kickWords are what the server says when a connection loses its place.
const (
	byOtherDevice = "login in other device"
	byNewToken    = "账号在其他设备上登录"
	byServer      = "server kick"
)

// node is the id of the only node.
const node = 1

// saltOf is as long as a salt must be.
const saltOf = "ABCDEFGHIJKLMNOP"

// login answers a CONNECT; id is that of the call. s.mu is held.
func (c *Conn) login(p wire.Connect, id string) {
	s := c.server
	if c.stage != fresh {
		c.unwanted()
		return
	}
	c.device = device{p.UID, p.Device, p.DeviceID}
	c.version = min(p.Version, s.version)
	if c.rpc && p.Version == 0 {
		c.version = s.version
	}
	c.note("us>   ", fmt.Sprintf("CONNECT v%d device=%d %q", p.Version, p.Device, p.DeviceID))
	c.line.WhileOpen(func() func() { return s.census.enter(c.device) })
	u := s.world.users[p.UID]
	if strings.ContainsAny(p.UID, s.reserved) {
		c.hangUp(closed)
		return
	}
	if u != nil && len(u.planned) > 0 {
		plan := u.planned[0]
		u.planned = u.planned[1:]
		c.stage = refused
		if !plan.ignore {
			c.refuse(plan.reason, id)
		}
		return
	}
	if u != nil && u.cursed {
		u.cursed = false
		c.stage = refused
		c.later(s.curse, c.reset)
		return
	}
	if s.verifies && !u.accepts(p) {
		c.silently()
		return
	}
	u = s.world.user(p.UID)
	key, ok := c.agree(p.Key)
	switch {
	case !ok && s.curse > 0:
		u.cursed = true
		c.silently()
		return
	case !ok:
		c.refuse(clientKeyIsEmpty, id)
		return
	}
	if s.verifies {
		c.level = u.grants[p.Device].level
	}
	u.makeRoom(c)
	s.world.logins++
	c.number, c.logged = s.world.logins, time.Now()
	c.stage = online
	u.conns = append(u.conns, c)
	ack := wire.Connack{TimeDiff: time.Now().UnixMilli() - p.At, Reason: success, Key: key, Node: node}
	if key != "" {
		ack.Salt = saltOf
	}
	if p.Version > wire.VersionExpire || c.rpc {
		ack.ServerVersion = c.version
	}
	c.connack(ack, id)
	close(s.changed)
	s.changed = make(chan struct{})
}

// accepts reports whether the token is that of the device.
func (u *user) accepts(p wire.Connect) bool {
	if u == nil || u.banned {
		return false
	}
	grant, ok := u.grants[p.Device]
	return ok && grant.token != "" && grant.token == p.Token.Reveal()
}

// silently refuses a login without a word.
func (c *Conn) silently() {
	c.stage = refused
	c.later(c.server.refusal, func() { c.hangUp(closed) })
}

// refuse answers a login with a reason, and ends the connection.
func (c *Conn) refuse(reason byte, id string) {
	ack := wire.Connack{Reason: reason}
	if c.server.verifies || c.rpc { // the others leave the version out of an answer that says no
		ack.ServerVersion = c.version
		ack.Node = node
	}
	c.connack(ack, id)
	c.hangUp(closed)
}

func (c *Conn) connack(ack wire.Connack, id string) {
	line := fmt.Sprintf("CONNACK %d", ack.Reason)
	if ack.ServerVersion != 0 {
		line += fmt.Sprintf(" v%d", ack.ServerVersion)
	}
	if c.rpc {
		c.call(line, ack.AppendJSON(nil, id))
		return
	}
	c.frame(line, &ack)
}

// agree makes the ciphers of the session. It is not ok if the client's key is missing
// or is none.
func (c *Conn) agree(key string) (ours string, ok bool) {
	if c.rpc || c.server.open {
		return "", true
	}
	pair, err := wire.NewKeyPair()
	if err != nil {
		panic(err)
	}
	c.ours, err = pair.Agree(key, saltOf)
	return pair.Public(), err == nil && c.ours != nil
}

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
