package wukongimtest

import (
	"slices"
	"time"

	"github.com/seed14814784/holdfast/transport/wukongim/internal/wire"
)

// world is what a server keeps on disk, and who is there.
type world struct {
	users    map[string]*user
	channels map[place]*channel
	messages int64  // how many there were
	logins   uint64 // how many there were
}

func newWorld() world {
	return world{users: make(map[string]*user), channels: make(map[place]*channel)}
}

// user is one uid.
type user struct {
	grants    map[byte]grant // by device flag
	conns     []*Conn        // online and fading, in the order of their logins
	banned    bool
	blacklist members
	cursed    bool      // the next CONNECT ends in a reset
	planned   []planned // for the next logins
}

// grant is what /user/token sets.
type grant struct {
	token string
	level byte
}

// planned is what a test wants a login to become.
type planned struct {
	reason byte
	ignore bool
}

// user is the user with that uid, who exists from now on.
func (w *world) user(uid string) *user {
	u := w.users[uid]
	if u == nil {
		u = &user{grants: make(map[byte]grant)}
		w.users[uid] = u
	}
	return u
}

// place is the name of a channel. That of two users has both their names, the lesser
// one first.
type place struct {
	id, second string
	kind       byte
}

// placeOf is the channel that the user calls by that id.
func placeOf(uid, id string, kind byte) place {
	if kind != person {
		return place{id: id, kind: kind}
	}
	return place{min(uid, id), max(uid, id), kind}
}

// channel is one channel.
type channel struct {
	exists      bool // somebody made it; between two users there always is one
	subscribers members
	blacklist   members
	banned      bool
	disbanded   bool
	ready       time.Time // its first message is through
	messages    []*Message
	seq         uint64             // of messages
	commands    uint64             // of those that are syncOnce: a sequence of their own
	known       map[known]*Message // by what they are deduplicated by
}

// known is what names a message for ever.
type known struct{ from, number string }

// channel is the channel of that name, which may not exist.
func (w *world) channel(p place) *channel {
	c := w.channels[p]
	if c == nil {
		c = &channel{known: make(map[known]*Message), exists: p.kind == person}
		w.channels[p] = c
	}
	return c
}

// members is a set of uids in the order they came.
type members struct {
	list []string
	set  map[string]bool
}

func (m *members) add(uids ...string) {
	if m.set == nil {
		m.set = make(map[string]bool)
	}
	for _, uid := range uids {
		if !m.set[uid] {
			m.set[uid] = true
			m.list = append(m.list, uid)
		}
	}
}

func (m *members) remove(uids ...string) {
	for _, uid := range uids {
		if m.set[uid] {
			delete(m.set, uid)
			m.list = slices.DeleteFunc(m.list, func(other string) bool { return other == uid })
		}
	}
}

func (m *members) has(uid string) bool { return m.set[uid] }

// Message is a message that the server accepted.
type Message struct {
	ID          int64  // above 2^53
	Seq         uint64 // in its channel; 0: it is not stored
	ClientMsgNo string
	From        string // the sender's uid
	ChannelID   string // as the sender called it: between two users, the recipient
	ChannelType byte
	Payload     []byte // plain
	Topic       string
	Expire      uint32 // seconds; 0: never
	At          time.Time
	NoPersist   bool
	RedDot      bool
	SyncOnce    bool

	setting wire.Setting
}

func (m *Message) place() place { return placeOf(m.From, m.ChannelID, m.ChannelType) }

// stored reports whether the message is in the history of its channel.
func (m *Message) stored() bool { return !m.NoPersist && !m.SyncOnce }

// firstID and stepID make ids as servers do: of 19 digits, with gaps.
const (
	firstID = 2123754472571146240
	stepID  = 4096
)

func (w *world) nextID() int64 {
	w.messages++
	return firstID + w.messages*stepID
}

// named reports whether the uid is among those, or none is named.
func named(uids []string, uid string) bool { return len(uids) == 0 || slices.Contains(uids, uid) }
