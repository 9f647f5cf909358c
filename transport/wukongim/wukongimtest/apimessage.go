package wukongimtest

import (
	"net/http"
	"strconv"
	"time"
)

// messageHeader is the flags of a message, as numbers.
type messageHeader struct {
	NoPersist int `json:"no_persist"`
	RedDot    int `json:"red_dot"`
	SyncOnce  int `json:"sync_once"`
}

// messageRow is a message of a history.
type messageRow struct {
	Header      messageHeader `json:"header"`
	Setting     byte          `json:"setting"`
	ID          int64         `json:"message_id"`
	IDText      string        `json:"message_idstr"`
	ClientMsgNo string        `json:"client_msg_no"`
	Seq         uint64        `json:"message_seq"`
	From        string        `json:"from_uid"`
	ChannelID   string        `json:"channel_id"`
	ChannelType byte          `json:"channel_type"`
	Topic       string        `json:"topic,omitempty"`
	Expire      uint32        `json:"expire"`
	Timestamp   int64         `json:"timestamp"`
	Payload     []byte        `json:"payload"`
}

// row is the message as the user sees it.
func (s *Server) row(m *Message, uid string) messageRow {
	channelID := m.ChannelID
	if m.ChannelType == person && m.From != uid {
		channelID = m.From
	}
	number := func(is bool) int { return int(when(is, 1)) }
	r := messageRow{
		Header: messageHeader{number(m.NoPersist), number(m.RedDot), number(m.SyncOnce)},
		ID:     m.ID, IDText: strconv.FormatInt(m.ID, 10), ClientMsgNo: m.ClientMsgNo, Seq: m.Seq,
		From: m.From, ChannelID: channelID, ChannelType: m.ChannelType, Payload: m.Payload,
	}
	if s.settings {
		r.Setting, r.Topic, r.Expire, r.Timestamp = byte(m.setting), m.Topic, m.Expire, m.At.Unix()
	}
	return r
}

// messageSend is POST /message/send.
func messageSend(s *Server, r *request) (any, error) {
	var in struct {
		Header      messageHeader `json:"header"`
		From        string        `json:"from_uid"`
		ChannelID   string        `json:"channel_id"`
		ChannelType byte          `json:"channel_type"`
		ClientMsgNo string        `json:"client_msg_no"`
		Expire      uint32        `json:"expire"`
		Payload     []byte        `json:"payload"`
	}
	if err := r.read(&in); err != nil {
		return nil, err
	}
	switch {
	case in.ChannelID == "":
		return nil, refusal{http.StatusBadRequest, "频道ID不能为空！"}
	case len(in.Payload) == 0:
		return nil, refusal{http.StatusBadRequest, "payload不能为空！"}
	}
	m := &Message{
		ClientMsgNo: in.ClientMsgNo, From: in.From, ChannelID: in.ChannelID, ChannelType: in.ChannelType, Payload: in.Payload, Expire: in.Expire,
		NoPersist: in.Header.NoPersist != 0, RedDot: in.Header.RedDot != 0, SyncOnce: in.Header.SyncOnce != 0,
	}
	if err := r.wait(s.warm(m)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	v := s.speak(m)
	s.mu.Unlock()
	if s.names {
		return map[string]any{"message_id": v.id, "message_seq": v.seq, "reason": v.reason}, nil
	}
	return map[string]any{"data": map[string]any{"client_msg_no": m.ClientMsgNo, "message_id": v.id}, "status": http.StatusOK}, nil
}

// warm is how long the message's channel takes to be there.
func (s *Server) warm(m *Message) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.world.channel(m.place()).warm(s.first)
}

// wait lets time pass, unless the client goes.
func (r *request) wait(d time.Duration) error {
	timer := time.NewTimer(max(d, 0))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-r.Context().Done():
		return r.Context().Err()
	}
}
