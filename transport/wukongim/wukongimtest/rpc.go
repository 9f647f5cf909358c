package wukongimtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/seed14814784/holdfast/transport/wukongim/internal/wire"
)

// takeCalls handles texts of JSON-RPC: any split of them. One that is not understood
// is never thrown away, so that its error answers everything that comes after it.
func (c *Conn) takeCalls(data []byte) {
	c.texts = append(c.texts, data...)
	for {
		text, rest, err := cut(c.texts)
		if err == nil && text == nil {
			return
		}
		c.texts = rest
		if !c.takeCall(text, err) {
			c.texts = nil
			return
		}
	}
}

// cut is the first whole text of a stream; nil if it is not there yet.
func cut(stream []byte) (text, rest []byte, err error) {
	d := json.NewDecoder(bytes.NewReader(stream))
	var raw json.RawMessage
	switch err = d.Decode(&raw); {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, stream, nil
	case err != nil:
		return nil, nil, err
	}
	return raw, stream[d.InputOffset():], nil
}

// takeCall does what a call asks for; false: nothing after it is understood.
func (c *Conn) takeCall(text []byte, flaw error) bool {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	if !c.hears() {
		return false
	}
	if c.poison != nil {
		c.say("error again", c.complaint())
		return false
	}
	c.poisoned = ""
	if flaw == nil {
		var call wire.Call
		if call, flaw = wire.ParseCall(text); flaw == nil {
			flaw = c.do(&call)
		}
		c.poisoned = call.ID
	}
	if flaw != nil {
		c.poison = &wire.Fault{Message: "jsonrpc: " + flaw.Error()}
		c.note("us>   ", fmt.Sprintf("%.80q", text))
		c.say(fmt.Sprintf("error %q", c.poison.Message), c.complaint())
		return false
	}
	return true
}

// complaint is the answer to what is not understood.
func (c *Conn) complaint() parcel {
	return parcel{data: c.poison.AppendJSON(nil, c.poisoned), text: true}
}

// do does what a call asks for. An error is what is not understood about it.
func (c *Conn) do(call *wire.Call) error {
	if call.Method == wire.MethodConnect {
		p, err := call.Connect()
		if err == nil && call.ID == "" {
			err = errors.New("a connect without an id")
		}
		if err == nil {
			c.login(p, call.ID)
		}
		return err
	}
	switch {
	case c.stage == fresh && methods[call.Method]:
		c.hangUp(closed)
		return nil
	case c.stage == refused:
		return nil
	}
	switch call.Method {
	case wire.MethodPing:
		c.pong(call.ID)
		return nil
	case wire.MethodSend:
		p, err := call.Send()
		if err == nil && call.ID == "" {
			err = errors.New("a send without an id")
		}
		if err == nil {
			c.send(p, call.ID)
		}
		return err
	case wire.MethodRecvack:
		p, err := call.Recvack()
		if err == nil && call.ID != "" {
			err = errors.New("a recvack with an id")
		}
		if err == nil {
			c.recvack(p)
		}
		return err
	case wire.MethodDisconnect:
		p, err := call.Disconnect()
		if err == nil {
			c.note("us>   ", fmt.Sprintf("DISCONNECT %d %q", p.Reason, p.Text))
			c.unwanted()
		}
		return err
	default:
		return fmt.Errorf("unknown method: %s", call.Method)
	}
}

// methods are those that are understood.
var methods = map[string]bool{
	wire.MethodConnect: true, wire.MethodPing: true, wire.MethodSend: true, wire.MethodRecvack: true, wire.MethodDisconnect: true,
}
