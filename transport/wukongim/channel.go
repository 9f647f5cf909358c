package wukongim

import (
	"strconv"
	"strings"

	"github.com/seed14814784/holdfast/messages"
)

// maxIDBytes is the longest id of a channel or user: its length is a signed number of
// 16 bits, and a room's name has the type before it.
const maxIDBytes = 1<<15 - 1

// Channel names a channel of WuKongIM. For a person it is the other one's uid, on
// either side.
type Channel struct {
	Type ChannelType
	ID   string
}

// Room is the channel as a room: "Group/g1", and "13/x" for a type without a name.
func (c Channel) Room() messages.RoomID {
	if c.Type > 0 && int(c.Type) < len(channelTypeNames) {
		return messages.RoomID(channelTypeNames[c.Type] + "/" + c.ID)
	}
	return messages.RoomID(strconv.Itoa(int(c.Type)) + "/" + c.ID)
}

// String is the name of the channel as a room.
func (c Channel) String() string { return string(c.Room()) }

// Room is the room of a channel, to be joined and sent to.
func Room(kind ChannelType, id string) messages.RoomID { return Channel{kind, id}.Room() }

// ChannelOf is the channel of a room, as [Room] names them. The error is
// ReasonInvalidSpec.
func ChannelOf(room messages.RoomID) (Channel, error) {
	kind, id, ok := strings.Cut(string(room), "/")
	if !ok {
		return Channel{}, invalid("join", "the room %q is not a channel of WuKongIM; name it with wukongim.Room", brief(string(room)))
	}
	c := Channel{ID: id}
	for t, name := range channelTypeNames {
		if name == kind && name != "" {
			c.Type = ChannelType(t)
		}
	}
	if n, err := strconv.ParseUint(kind, 10, 8); c.Type == 0 && err == nil {
		c.Type = ChannelType(n)
	}
	if err := c.check("join"); err != nil {
		return Channel{}, err
	}
	if c.Room() != room {
		return Channel{}, invalid("join", "the room %q has another name: %q", brief(string(room)), brief(c.String()))
	}
	return c, nil
}

// check says why a channel cannot be one.
func (c Channel) check(op string) error {
	switch {
	case c.Type == 0:
		return invalid(op, "the channel %q has no type that is known or a number from 1 to 255", brief(c.ID))
	case c.ID == "":
		return invalid(op, "a channel of type %s has no id", c.Type)
	case len(c.ID) > maxIDBytes:
		return invalid(op, "the id of a channel has %d bytes; it may have %d", len(c.ID), maxIDBytes)
	}
	return nil
}

func invalid(op, format string, args ...any) error {
	return &messages.Error{Op: op, Reason: messages.Because(messages.ReasonInvalidSpec, format, args...)}
}
