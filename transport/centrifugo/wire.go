package centrifugo

import (
	"encoding/json"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// The JSON of the protocol: what we send, and of what we receive the members that
// mean something to us. Others are ignored.

type command struct {
	ID          uint32          `json:"id,omitempty"`
	Connect     *connectRequest `json:"connect,omitempty"`
	Subscribe   *subscribe      `json:"subscribe,omitempty"`
	Unsubscribe *channelOnly    `json:"unsubscribe,omitempty"`
	Presence    *channelOnly    `json:"presence,omitempty"`
	Publish     *publish        `json:"publish,omitempty"`
	Send        *dataOnly       `json:"send,omitempty"`
	RPC         *rpc            `json:"rpc,omitempty"`
	Refresh     *refresh        `json:"refresh,omitempty"`
	SubRefresh  *subRefresh     `json:"sub_refresh,omitempty"`
}

type (
	connectRequest struct {
		Token   string               `json:"token,omitempty"`
		Data    json.RawMessage      `json:"data,omitempty"`
		Subs    map[string]subscribe `json:"subs,omitempty"`
		Name    string               `json:"name,omitempty"`
		Version string               `json:"version,omitempty"`
	}
	subscribe struct {
		Channel     string `json:"channel,omitempty"`
		Token       string `json:"token,omitempty"`
		Recover     bool   `json:"recover,omitempty"`
		Epoch       string `json:"epoch,omitempty"`
		Offset      uint64 `json:"offset,omitempty"`
		Positioned  bool   `json:"positioned,omitempty"`
		Recoverable bool   `json:"recoverable,omitempty"`
	}
	channelOnly struct {
		Channel string `json:"channel"`
	}
	publish struct {
		Channel string          `json:"channel"`
		Data    json.RawMessage `json:"data"`
	}
	dataOnly struct {
		Data json.RawMessage `json:"data"`
	}
	rpc struct {
		Method string          `json:"method"`
		Data   json.RawMessage `json:"data"`
	}
	refresh struct {
		Token string `json:"token"`
	}
	subRefresh struct {
		Channel string `json:"channel"`
		Token   string `json:"token"`
	}
)

type reply struct {
	ID         uint32          `json:"id"`
	Error      *fault          `json:"error"`
	Push       *push           `json:"push"`
	Connect    *connectResult  `json:"connect"`
	Subscribe  *subResult      `json:"subscribe"`
	Presence   *presenceResult `json:"presence"`
	RPC        *dataOnly       `json:"rpc"`
	Refresh    *lifetime       `json:"refresh"`
	SubRefresh *lifetime       `json:"sub_refresh"`

	Unsubscribe *struct{} `json:"unsubscribe"`
	Publish     *struct{} `json:"publish"`
}

// ping reports whether a reply is the server's heartbeat: an empty one.
func (r *reply) ping() bool { return *r == reply{} }

// answers reports whether a reply has the result of a request.
func (r *reply) answers(k kind) bool {
	switch k {
	case connecting:
		return r.Connect != nil
	case subscribing:
		return r.Subscribe != nil
	case unsubscribing:
		return r.Unsubscribe != nil
	case asking:
		return r.Presence != nil
	case publishing:
		return r.Publish != nil
	case calling:
		return r.RPC != nil
	case refreshing:
		return r.Refresh != nil
	default:
		return r.SubRefresh != nil
	}
}

type (
	lifetime struct {
		Expires bool   `json:"expires"`
		TTL     uint32 `json:"ttl"` // seconds
	}
	connectResult struct {
		lifetime
		Client string               `json:"client"`
		Subs   map[string]subResult `json:"subs"`
		Ping   uint32               `json:"ping"` // seconds
		Pong   bool                 `json:"pong"`
		Node   string               `json:"node"`
	}
	subResult struct {
		lifetime
		Recoverable  bool          `json:"recoverable"`
		Positioned   bool          `json:"positioned"`
		Epoch        string        `json:"epoch"`
		Offset       uint64        `json:"offset"`
		Publications []publication `json:"publications"`
		Recovered    bool          `json:"recovered"`
	}
	presenceResult struct {
		Presence map[string]clientInfo `json:"presence"`
	}
	clientInfo struct {
		User   string `json:"user"`
		Client string `json:"client"`
	}
	publication struct {
		Data   json.RawMessage `json:"data"`
		Offset uint64          `json:"offset"`
	}
	push struct {
		Channel     string       `json:"channel"`
		Pub         *publication `json:"pub"`
		Unsubscribe *ended       `json:"unsubscribe"`
		Subscribe   *subResult   `json:"subscribe"`
		Message     *dataOnly    `json:"message"`
		Disconnect  *ended       `json:"disconnect"`
		Refresh     *lifetime    `json:"refresh"`

		Join    *struct{} `json:"join"`
		Leave   *struct{} `json:"leave"`
		Connect *struct{} `json:"connect"`
	}
	ended struct {
		Code   int    `json:"code"`
		Reason string `json:"reason"`
	}
	fault struct {
		Code      int    `json:"code"`
		Message   string `json:"message"`
		Temporary bool   `json:"temporary"`
	}
)

// position is where a subscription goes on; none if the server keeps none.
func (r *subResult) position() messages.Position {
	if !r.Recoverable && !r.Positioned {
		return messages.Position{}
	}
	return messages.Position{Epoch: r.Epoch, Offset: r.Offset}
}

// history is what was missed, oldest first.
func (r *subResult) history() []transport.Publication {
	var all []transport.Publication
	for _, p := range r.Publications {
		all = append(all, p.in())
	}
	return all
}

func (p publication) in() transport.Publication {
	return transport.Publication{Kind: messages.KindText, Data: p.Data, Offset: p.Offset}
}

// line is one command as it is sent.
func line(c command) ([]byte, error) { return json.Marshal(c) }
