package wukongimtest

import "github.com/seed14814784/holdfast/transport/wukongim/internal/wire"

// AddUser lets the uid log in with that token from a device of flag 0 (App), in place
// of others: its level is master. It is SetToken without words.
func (s *Server) AddUser(uid, token string) { s.SetToken(uid, 0, token, master) }

// SetToken does what /user/token does: it sets the token and the level (0 slave, 1
// master) for one device flag of the uid. Level master ends connections that are
// online with that flag.
func (s *Server) SetToken(uid string, device byte, token string, level byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.world.user(uid)
	u.grants[device] = grant{token, level}
	if level != master {
		return
	}
	u.each(int(device), func(c *Conn) {
		if s.fades > 0 {
			c.kick(byNewToken)
			return
		}
		c.later(s.retoken, func() { c.hangUp(closed) })
	})
}

// each does something to every connection of the user that is online with the device
// flag; -1 is any.
func (u *user) each(device int, do func(*Conn)) {
	for _, c := range append([]*Conn(nil), u.conns...) {
		if c.stage == online && (device == -1 || device == int(c.device.flag)) {
			do(c)
		}
	}
}

// Quit does what /user/device_quit does: it ends the connections of the uid with the
// device flag, -1 for all, and where tokens count theirs are void.
func (s *Server) Quit(uid string, device int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.world.users[uid]
	if u == nil {
		return
	}
	for flag, g := range u.grants {
		if device == -1 || device == int(flag) {
			u.grants[flag] = grant{level: g.level}
		}
	}
	u.each(device, func(c *Conn) {
		c.later(s.quit, func() {
			if s.fades > 0 {
				c.kick("")
				return
			}
			c.hangUp(closed)
		})
	})
}

// AddChannel makes a channel of a type but 1 (person), with subscribers, or adds them
// to the one there is.
func (s *Server) AddChannel(id string, kind byte, subscribers ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.world.channel(placeOf("", id, kind))
	ch.exists = true
	ch.subscribers.add(subscribers...)
}

// Send does what /message/send does: a message from that uid, who need not be online
// nor a subscriber. Between two users the channel is the recipient. The ids are those
// of the message.
func (s *Server) Send(from, channelID string, channelType byte, payload []byte) (id int64, seq uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.speak(&Message{From: from, ChannelID: channelID, ChannelType: channelType, Payload: append([]byte(nil), payload...), RedDot: true})
	return v.id, v.seq
}

// speak keeps and delivers a message that nobody has to be asked about.
func (s *Server) speak(m *Message) verdict {
	v := s.keep(m)
	if v.fresh {
		s.deliver(m, nil)
	}
	return v
}

// Refuse makes the next login of the uid fail with that reason, and end. Called again,
// it is the one after that.
func (s *Server) Refuse(uid string, reason byte) { s.plan(uid, planned{reason: reason}) }

// Ignore makes the next CONNECT of the uid one that is never answered, without an end.
func (s *Server) Ignore(uid string) { s.plan(uid, planned{ignore: true}) }

func (s *Server) plan(uid string, p planned) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.world.user(uid)
	u.planned = append(u.planned, p)
}

// flags are those of the packets that carry the message.
func (m *Message) flags() wire.Flags {
	return when(m.NoPersist, wire.NoPersist) | when(m.RedDot, wire.RedDot) | when(m.SyncOnce, wire.SyncOnce)
}

func when(is bool, f wire.Flags) wire.Flags {
	if is {
		return f
	}
	return 0
}
