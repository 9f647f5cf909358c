package wire

import (
	"encoding/json"
)

// The methods of JSON-RPC.
const (
	MethodConnect     = "connect"
	MethodSend        = "send"
	MethodRecv        = "recv"
	MethodRecvack     = "recvack"
	MethodPing        = "ping"
	MethodDisconnect  = "disconnect"
	MethodSubscribe   = "subscribe"
	MethodUnsubscribe = "unsubscribe"
	MethodEvent       = "event"
)

// Call is one text frame: a request, its answer, or a notification. What is in it is
// read by the method that is named after the packet.
type Call struct {
	ID     string // of a request and its answer; empty for a notification
	Method string // empty for an answer
	Fault  *Fault // of an answer that says no

	params json.RawMessage
	result json.RawMessage
}

// Fault is the error of a request.
type Fault struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// Pong reports whether a call answers a ping: servers then send neither a result nor
// an error. A request that was answered like that was not understood.
func (c *Call) Pong() bool { return c.Method == "" && c.Fault == nil && c.result == nil }

// ParseCall reads a text frame. Its size is the socket's to limit.
func ParseCall(text []byte) (Call, error) {
	var c struct {
		Method string          `json:"method"`
		ID     string          `json:"id"`
		Params json.RawMessage `json:"params"`
		Result json.RawMessage `json:"result"`
		Fault  *Fault          `json:"error"`
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return Call{}, broken("a text of %d bytes is no call: %s", len(text), brief(err.Error()))
	}
	in := Call{ID: c.ID, Method: c.Method, Fault: c.Fault, params: present(c.Params), result: present(c.Result)}
	switch {
	case in.Method != "" && (in.result != nil || in.Fault != nil):
		return Call{}, broken("the call %q is a request and an answer", brief(in.Method))
	case in.result != nil && in.Fault != nil:
		return Call{}, broken("the answer %q has a result and an error", brief(in.ID))
	case in.Method == "" && in.ID == "" && in.Fault == nil:
		return Call{}, broken("a text of %d bytes is no call: it has no method and no id", len(text))
	}
	return in, nil
}

// present is a member that is there: null stands for one that is not.
func present(raw json.RawMessage) json.RawMessage {
	if string(raw) == "null" {
		return nil
	}
	return raw
}

// parse reads what a call carries.
func parse[T any](of string, raw json.RawMessage) (body T, err error) {
	if raw == nil {
		return body, broken("a call of %s carries nothing", of)
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		var none T
		return none, broken("what a call of %s carries cannot be read: %s", of, brief(err.Error()))
	}
	return body, nil
}

// ask appends a request, or a notification if there is no id.
func ask(b []byte, method, id string, params any) []byte {
	return appended(b, struct {
		Version string `json:"jsonrpc"`
		Method  string `json:"method"`
		ID      string `json:"id,omitempty"`
		Params  any    `json:"params,omitempty"`
	}{"2.0", method, id, params})
}

// answer appends the answer to a request.
func answer(b []byte, id string, result any, fault *Fault) []byte {
	return appended(b, struct {
		Version string `json:"jsonrpc"`
		ID      string `json:"id,omitempty"`
		Result  any    `json:"result,omitempty"`
		Fault   *Fault `json:"error,omitempty"`
	}{"2.0", id, result, fault})
}

func appended(b []byte, call any) []byte {
	text, err := json.Marshal(call)
	if err != nil {
		panic(err) // of strings, numbers and bytes only
	}
	return append(b, text...)
}

// AppendJSON appends the request.
func (Ping) AppendJSON(b []byte, id string) []byte { return ask(b, MethodPing, id, nil) }

// AppendJSON appends the answer.
func (Pong) AppendJSON(b []byte, id string) []byte { return answer(b, id, nil, nil) }

// AppendJSON appends the answer.
func (f *Fault) AppendJSON(b []byte, id string) []byte { return answer(b, id, nil, f) }
