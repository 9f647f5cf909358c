package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Header are the flags of a message.
type Header struct {
	NoPersist flag `json:"no_persist"`
	RedDot    flag `json:"red_dot"`
	SyncOnce  flag `json:"sync_once"`
}

// flag is a bool that is written as 0 or 1.
type flag bool

// MarshalJSON writes 0 or 1.
func (f flag) MarshalJSON() ([]byte, error) {
	if f {
		return []byte("1"), nil
	}
	return []byte("0"), nil
}

// UnmarshalJSON reads 0, 1, or a bool.
func (f *flag) UnmarshalJSON(text []byte) error {
	switch string(text) {
	case "0", "false", "null":
		*f = false
	case "1", "true":
		*f = true
	default:
		return errors.New("a flag is 0 or 1")
	}
	return nil
}

// Message is one message of a channel.
type Message struct {
	Header      Header
	Setting     byte
	ID          int64
	Seq         uint64 // in its channel
	ClientMsgNo string
	From        string
	Channel     Channel
	Expire      time.Duration // 0: never
	At          time.Time     // the server's clock; zero if it does not say
	Topic       string
	Payload     []byte
}

// String tells which message it is, and nothing that it says.
func (m Message) String() string {
	return fmt.Sprintf("message %d, number %d of %s, %d bytes", m.ID, m.Seq, m.Channel, len(m.Payload))
}

// GoString hides the same from %#v.
func (m Message) GoString() string { return "api.Message(" + m.String() + ")" }

// row is a message as servers write it.
type row struct {
	Header  Header      `json:"header"`
	Setting byte        `json:"setting"`
	ID      json.Number `json:"message_id"`
	// The same as a text, because JavaScript has no such numbers.
	IDText      string `json:"message_idstr"`
	Seq         uint64 `json:"message_seq"`
	ClientMsgNo string `json:"client_msg_no"`
	From        string `json:"from_uid"`
	ChannelID   string `json:"channel_id"`
	ChannelType byte   `json:"channel_type"`
	Expire      uint32 `json:"expire"`
	Timestamp   int64  `json:"timestamp"`
	Topic       string `json:"topic"`
	Payload     []byte `json:"payload"`
}

// UnmarshalJSON reads a message.
func (m *Message) UnmarshalJSON(text []byte) error {
	var said row
	if err := json.Unmarshal(text, &said); err != nil {
		return err
	}
	number := said.IDText
	if number == "" {
		number = said.ID.String()
	}
	id, err := parseID(number)
	if err != nil {
		return err
	}
	*m = Message{
		Header: said.Header, Setting: said.Setting, ID: id, Seq: said.Seq, ClientMsgNo: said.ClientMsgNo, From: said.From,
		Channel: Channel{said.ChannelID, said.ChannelType}, Expire: time.Duration(said.Expire) * time.Second,
		Topic: said.Topic, Payload: said.Payload,
	}
	if said.Timestamp != 0 {
		m.At = time.Unix(said.Timestamp, 0)
	}
	return nil
}

// parseID reads a message's id. It has 64 bits, with or without a sign: the sockets say
// it with one.
func parseID(text string) (int64, error) {
	if id, err := strconv.ParseInt(text, 10, 64); err == nil {
		return id, nil
	}
	id, err := strconv.ParseUint(text, 10, 64)
	return int64(id), err //nolint:gosec // the same bits
}
