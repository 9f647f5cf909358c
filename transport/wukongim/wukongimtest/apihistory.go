package wukongimtest

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// syncLimit is the most messages of one answer.
const syncLimit = 10_000

// messageSync is POST /channel/messagesync. Mode 1 goes from the start upward, mode 0
// downward, to the end, which is left out; a start of 0 is the beginning or the last
// message. Both answer in ascending order.
func messageSync(s *Server, r *request) (any, error) {
	var in struct {
		UID         string `json:"login_uid"`
		ChannelID   string `json:"channel_id"`
		ChannelType byte   `json:"channel_type"`
		Start       uint64 `json:"start_message_seq"`
		End         uint64 `json:"end_message_seq"`
		Limit       int    `json:"limit"`
		Mode        int    `json:"pull_mode"`
	}
	if err := r.read(&in); err != nil {
		return nil, err
	}
	switch {
	case in.UID == "":
		return nil, refusal{http.StatusBadRequest, "login_uid不能为空！"}
	case in.ChannelID == "":
		return nil, refusal{http.StatusBadRequest, "channel_id不能为空！"}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.world.channel(placeOf(in.UID, in.ChannelID, in.ChannelType))
	inside := ch.subscribers.has(in.UID)
	if in.ChannelType == person { // once one of the two has spoken
		inside = len(ch.messages) > 0
	}
	switch {
	case s.members && !inside:
		return nil, refusal{http.StatusBadRequest, "internal/message: valid channel membership required"}
	case s.members && ch.disbanded:
		return nil, refusal{http.StatusBadRequest, "internal/message: channel disbanded"}
	case s.members && len(ch.messages) == 0:
		return nil, refusal{http.StatusBadRequest, fmt.Sprintf("internal/message: channel not found: channel: channel not found: {%s %d}", in.ChannelID, in.ChannelType)}
	}
	limit := syncLimit
	if in.Limit > 0 {
		limit = min(in.Limit, syncLimit)
	}
	found, more := ch.excerpt(in.Start, in.End, limit, in.Mode == 1)
	rows := make([]messageRow, 0, len(found))
	for _, m := range found {
		rows = append(rows, s.row(m, in.UID))
	}
	return map[string]any{"start_message_seq": in.Start, "end_message_seq": in.End, "more": int(when(more, 1)), "messages": rows}, nil
}

// excerpt is a part of the channel's history, and whether there is more of it.
func (ch *channel) excerpt(start, end uint64, limit int, up bool) (found []*Message, more bool) {
	for _, m := range ch.messages {
		switch {
		case up && m.Seq >= start && (end == 0 || m.Seq < end):
			found = append(found, m)
		case !up && (start == 0 || m.Seq <= start) && m.Seq > end:
			found = append(found, m)
		}
	}
	more = len(found) > limit
	switch {
	case more && up:
		found = found[:limit]
	case more:
		found = found[len(found)-limit:]
	}
	return found, more
}

// maxSeq is GET /channel/max_message_seq.
func maxSeq(s *Server, r *request) (any, error) {
	q := r.URL.Query()
	kind, err := strconv.ParseUint(q.Get("channel_type"), 10, 8)
	if err != nil || q.Get("channel_id") == "" {
		return nil, refusal{http.StatusBadRequest, "channel_id或channel_type有误！"}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.world.channel(placeOf(q.Get("login_uid"), q.Get("channel_id"), byte(kind)))
	return map[string]any{"message_seq": ch.seq}, nil
}

// conversationSync is POST /conversation/sync: the channels of the user that have
// messages, the latest first, with the last few messages of each.
func conversationSync(s *Server, r *request) (any, error) {
	var in struct {
		UID   string `json:"uid"`
		Count int    `json:"msg_count"`
	}
	if err := r.read(&in); err != nil {
		return nil, err
	}
	if in.UID == "" {
		return nil, refusal{http.StatusBadRequest, "uid不能为空！"}
	}
	type row struct {
		ChannelID   string       `json:"channel_id"`
		ChannelType byte         `json:"channel_type"`
		Unread      int          `json:"unread"`
		Timestamp   int64        `json:"timestamp"`
		LastSeq     uint64       `json:"last_msg_seq"`
		LastNo      string       `json:"last_client_msg_no"`
		Version     int64        `json:"version"`
		Recents     []messageRow `json:"recents"`
	}
	rows := []row{}
	s.mu.Lock()
	defer s.mu.Unlock()
	for p, ch := range s.world.channels {
		takesPart := ch.subscribers.has(in.UID) || p.kind == person && (p.id == in.UID || p.second == in.UID)
		if !takesPart || len(ch.messages) == 0 {
			continue
		}
		last := s.row(ch.messages[len(ch.messages)-1], in.UID)
		at := ch.messages[len(ch.messages)-1].At
		c := row{ChannelID: last.ChannelID, ChannelType: last.ChannelType, Timestamp: at.Unix(), LastSeq: last.Seq, LastNo: last.ClientMsgNo, Version: at.UnixNano(), Recents: []messageRow{}}
		for _, m := range slices.Backward(ch.messages) { // the newest first, as servers do
			if m.RedDot && m.From != in.UID {
				c.Unread++
			}
			if len(c.Recents) < in.Count {
				c.Recents = append(c.Recents, s.row(m, in.UID))
			}
		}
		rows = append(rows, c)
	}
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(b.Version, a.Version), cmp.Compare(a.ChannelID, b.ChannelID), cmp.Compare(a.ChannelType, b.ChannelType))
	})
	return rows, nil
}
