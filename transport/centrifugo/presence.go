package centrifugo

import (
	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// Verify asks for presence, of all rooms in one frame.
func (s *session) Verify(link transport.Link, joins []transport.JoinRequest) error {
	var commands []command
	var asked []transport.JoinRequest
	id := s.last
	for _, join := range joins {
		switch err := named(join.Room); {
		case err != nil:
			link.Room(join.Ticket, transport.RoomNews{Kind: transport.RoomDenied, Reason: transport.ReasonOf(err, messages.ReasonInvalidSpec)})
		case s.NoPresence:
			link.Room(join.Ticket, notIn("presence is not asked for"))
		default:
			id = s.number(id)
			commands = append(commands, command{ID: id, Presence: &channelOnly{string(join.Room)}})
			asked = append(asked, join)
		}
	}
	if len(commands) == 0 {
		return nil
	}
	if err := s.write(link, commands...); err != nil {
		return err
	}
	for i, join := range asked {
		s.begin(commands[i].ID, asking, join)
	}
	return nil
}

func notIn(detail string) transport.RoomNews {
	return transport.RoomNews{Kind: transport.RoomNotIn, Reason: messages.Because(messages.ReasonRoomHeartbeatTimeout, "%s", detail)}
}

// present takes the answer to a presence query: who is counted in subscribes.
func (s *session) present(link transport.Link, join transport.JoinRequest, r *reply) error {
	if r.Error == nil && s.counted(r.Presence.Presence) {
		return s.asked(link, join, s.Join(link, join))
	}
	s.end(join.Room)
	news := notIn("the server does not count us in")
	switch {
	case r.Error == nil:
	case r.Error.Code == errorUnknownChannel || r.Error.temporary():
		news = r.Error.room()
	default:
		news = notIn("the server does not say who is in")
		news.Reason.Wire = wire(r.Error.Code, r.Error.Message)
	}
	link.Room(join.Ticket, news)
	return nil
}

// counted reports whether we are among those present: by the name that the server
// gave us the last time, or as the same user.
func (s *session) counted(presence map[string]clientInfo) bool {
	for client, info := range presence {
		if client == s.memory.before && client != "" || s.token.User != "" && info.User == s.token.User {
			return true
		}
	}
	return false
}
