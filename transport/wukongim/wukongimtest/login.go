package wukongimtest

import (
	"crypto/rand"
	"fmt"
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

// saltSize is how many letters and digits a salt has.
const saltSize = 16

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
	key, salt, ok := c.agree(p.Key)
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
	ack := wire.Connack{TimeDiff: time.Now().UnixMilli() - p.At, Reason: success, Key: key, Salt: salt, Node: node}
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
		ack.Node = node
		if c.version > wire.VersionExpire || c.rpc {
			ack.ServerVersion = c.version
		}
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
func (c *Conn) agree(key string) (ours, salt string, ok bool) {
	if c.rpc || c.server.open {
		return "", "", true
	}
	pair, err := wire.NewKeyPair()
	if err != nil {
		panic(err)
	}
	salt = rand.Text()[:saltSize]
	c.ours, err = pair.Agree(key, salt)
	return pair.Public(), salt, err == nil && c.ours != nil
}
