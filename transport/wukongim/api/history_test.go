package api

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/seed14814784/holdfast/messages"
)

// library serves messages of one size, as many as are asked for.
func library(t *testing.T, total, size int, limits *[]int) http.HandlerFunc {
	text := `"` + base64.StdEncoding.EncodeToString(make([]byte, size)) + `"`
	return func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Start uint64 `json:"start_message_seq"`
			Limit int    `json:"limit"`
		}
		if err := json.Unmarshal(body(r), &in); err != nil {
			t.Error(err)
		}
		*limits = append(*limits, in.Limit)
		rows := []string{}
		for seq := in.Start; seq <= uint64(total) && len(rows) < in.Limit; seq++ {
			rows = append(rows, fmt.Sprintf(`{"message_id":%d,"message_seq":%d,"payload":%s}`, seq, seq, text))
		}
		more := 0
		if in.Start+uint64(len(rows)) <= uint64(total) {
			more = 1
		}
		_, _ = fmt.Fprintf(w, `{"more":%d,"messages":[%s]}`, more, strings.Join(rows, ","))
	}
}

// Otherwise a channel whose messages are large could never be caught up with.
func TestAPageOfLargeMessagesHasFewerOfThem(t *testing.T) {
	var limits []int
	client, _ := open(t, library(t, 3, 3<<20, &limits))
	var seqs []uint64
	for after, more := uint64(0), true; more; {
		page, err := client.Messages(t.Context(), Query{UID: "u", Channel: g, After: after, Limit: 3})
		if err != nil || len(page.Messages) == 0 {
			t.Fatal(len(page.Messages), err)
		}
		for _, m := range page.Messages {
			seqs = append(seqs, m.Seq)
			after = m.Seq
		}
		more = page.More
	}
	same(t, "what was read", seqs, []uint64{1, 2, 3})
	same(t, "what was asked for", limits, []int{3, 1, 3, 1, 3})
}

func TestAMessageThatIsTooLargeIsAnError(t *testing.T) {
	var limits []int
	client, _ := open(t, library(t, 1, 9<<20, &limits))
	_, err := client.Messages(t.Context(), Query{UID: "u", Channel: g, Limit: 5})
	same(t, "the reason", reasonFor(t, err).String(), "FrameTooLarge: the answer has more than 8388608 bytes")
	same(t, "what was asked for", limits, []int{5, 2, 1})
}

// Version 3 calls two persons strangers until one of them has spoken.
func TestTwoPersonsWhoNeverSpokeHaveAnEmptyHistory(t *testing.T) {
	client, _ := open(t, says(400, `{"msg":"internal/message: valid channel membership required","status":400}`))
	bob := Channel{ID: "bob", Type: 1}
	for name, c := range map[string]struct {
		query Query
		want  messages.Code
	}{
		"from the beginning":  {Query{UID: "u", Channel: bob}, messages.ReasonOK},
		"the last":            {Query{UID: "u", Channel: bob, Latest: true}, messages.ReasonOK},
		"after they did":      {Query{UID: "u", Channel: bob, After: 3}, messages.ReasonNack},
		"of a group of those": {Query{UID: "u", Channel: g}, messages.ReasonNack},
	} {
		page, err := client.Messages(t.Context(), c.query)
		same(t, name, page, Page{})
		same(t, name, reasonFor(t, err).Code, c.want)
	}
}

// Version 3 has no history of a channel in which nobody has spoken yet.
func TestAChannelInWhichNobodyHasSpokenHasAnEmptyHistory(t *testing.T) {
	client, _ := open(t, says(400, `{"msg":"internal/message: channel not found: channel: channel not found: {g 2}","status":400}`))
	page, err := client.Messages(t.Context(), Query{UID: "u", Channel: g, After: 3})
	same(t, "the page", page, Page{})
	same(t, "the error", err, nil)
}
