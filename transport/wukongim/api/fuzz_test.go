package api

import (
	"encoding/json"
	"strconv"
	"testing"
)

// FuzzMessages checks that whatever a server says is a page or an error, and that a page
// that can be read is read the same when it is said again.
func FuzzMessages(f *testing.F) {
	for _, seed := range []string{history, history3, `{"messages":[null]}`, `{"more":true}`, `{}`, `[]`, ``} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var page struct {
			More     flag      `json:"more"`
			Messages []Message `json:"messages"`
		}
		if json.Unmarshal(text, &page) != nil {
			return
		}
		for _, m := range page.Messages {
			said := row{
				Header: m.Header, Setting: m.Setting, ID: json.Number(strconv.FormatInt(m.ID, 10)), Seq: m.Seq, ClientMsgNo: m.ClientMsgNo, From: m.From,
				ChannelID: m.Channel.ID, ChannelType: m.Channel.Type, Expire: uint32(m.Expire.Seconds()), Topic: m.Topic, Payload: m.Payload,
			}
			if !m.At.IsZero() {
				said.Timestamp = m.At.Unix()
			}
			again, err := json.Marshal(said)
			if err != nil {
				t.Fatal(err)
			}
			var back Message
			if err := json.Unmarshal(again, &back); err != nil {
				t.Fatalf("%s: %v", again, err)
			}
			if back.At.Equal(m.At) {
				back.At = m.At
			}
			if len(back.Payload) == 0 && len(m.Payload) == 0 {
				back.Payload = m.Payload
			}
			same(t, "what is read again", back, m)
		}
	})
}
