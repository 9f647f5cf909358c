package wukongimtest

import (
	"net/http"
	"strconv"
)

// channelBody is what requests about a channel have.
type channelBody struct {
	ID          string   `json:"channel_id"`
	Type        byte     `json:"channel_type"`
	Subscribers []string `json:"subscribers"`
	UIDs        []string `json:"uids"`
	Ban         *int     `json:"ban"`
	Disband     *int     `json:"disband"`
}

// change reads a request about a channel and does it.
func change(s *Server, r *request, do func(w *world, in *channelBody) error) (any, error) {
	var in channelBody
	if err := r.read(&in); err != nil {
		return nil, err
	}
	switch {
	case in.ID == "":
		return nil, refusal{http.StatusBadRequest, "频道ID不能为空！"}
	case in.Type == 0:
		return nil, refusal{http.StatusBadRequest, "频道类型不能为0！"}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := do(&s.world, &in); err != nil {
		return nil, err
	}
	return done, nil
}

// group is a channel that may have subscribers.
func (w *world) group(in *channelBody) (*channel, error) {
	if in.Type == person {
		return nil, refusal{http.StatusBadRequest, "不支持个人频道！"}
	}
	return w.channel(placeOf("", in.ID, in.Type)), nil
}

// channelMake is POST /channel.
func channelMake(s *Server, r *request) (any, error) {
	return change(s, r, func(w *world, in *channelBody) error {
		ch, err := w.group(in)
		if err == nil {
			ch.exists = true
			ch.subscribers.add(in.Subscribers...)
			ch.mark(in)
		}
		return err
	})
}

// channelJoin is POST /channel/subscriber_add, which makes the channel if it has to.
func channelJoin(s *Server, r *request) (any, error) {
	return change(s, r, func(w *world, in *channelBody) error {
		ch, err := w.group(in)
		if err == nil {
			ch.exists = true
			ch.subscribers.add(in.Subscribers...)
		}
		return err
	})
}

// channelLeave is POST /channel/subscriber_remove.
func channelLeave(s *Server, r *request) (any, error) {
	return change(s, r, func(w *world, in *channelBody) error {
		ch, err := w.group(in)
		if err == nil {
			ch.subscribers.remove(in.Subscribers...)
		}
		return err
	})
}

// blacklist is who may not send: to the channel, or to the user.
func (w *world) blacklist(in *channelBody) *members {
	if in.Type == person {
		return &w.user(in.ID).blacklist
	}
	return &w.channel(placeOf("", in.ID, in.Type)).blacklist
}

// channelBlock is POST /channel/blacklist_add.
func channelBlock(s *Server, r *request) (any, error) {
	return change(s, r, func(w *world, in *channelBody) error {
		w.blacklist(in).add(in.UIDs...)
		return nil
	})
}

// channelUnblock is POST /channel/blacklist_remove.
func channelUnblock(s *Server, r *request) (any, error) {
	return change(s, r, func(w *world, in *channelBody) error {
		w.blacklist(in).remove(in.UIDs...)
		return nil
	})
}

// channelInfo is POST /channel/info: a user is banned by the channel of its uid.
func channelInfo(s *Server, r *request) (any, error) {
	return change(s, r, func(w *world, in *channelBody) error {
		if in.Type == person {
			if in.Ban != nil {
				w.user(in.ID).banned = *in.Ban != 0
			}
			return nil
		}
		ch := w.channel(placeOf("", in.ID, in.Type))
		ch.exists = true
		ch.mark(in)
		return nil
	})
}

func (ch *channel) mark(in *channelBody) {
	if in.Ban != nil {
		ch.banned = *in.Ban != 0
	}
	if in.Disband != nil {
		ch.disbanded = *in.Disband != 0
	}
}

// channelDelete is POST /channel/delete. The messages go with the channel.
func channelDelete(s *Server, r *request) (any, error) {
	return change(s, r, func(w *world, in *channelBody) error {
		delete(w.channels, placeOf("", in.ID, in.Type))
		return nil
	})
}

// subscribers is GET /cluster/channels/{id}/{type}/subscribers. A channel that there is
// not has none.
func subscribers(s *Server, r *request) (any, error) {
	kind, err := strconv.ParseUint(r.PathValue("type"), 10, 8)
	if err != nil {
		kind = 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	uids := []string{}
	if ch := s.world.channels[placeOf("", r.PathValue("id"), byte(kind))]; ch != nil {
		uids = append(uids, ch.subscribers.list...)
	}
	return uids, nil
}
