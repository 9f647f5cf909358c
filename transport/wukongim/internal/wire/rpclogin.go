package wire

import "github.com/seed14814784/holdfast/messages"

// AppendJSON appends the request.
func (p *Connect) AppendJSON(b []byte, id string) []byte {
	return ask(b, MethodConnect, id, rpcConnect{p.Version, p.Key, p.DeviceID, p.Device, p.At, p.UID, p.Token.Reveal()})
}

// Connect reads the params of connect.
func (c *Call) Connect() (Connect, error) {
	p, err := parse[rpcConnect](MethodConnect, c.params)
	return Connect{p.Version, p.Device, p.DeviceID, p.UID, messages.NewSecret(p.Token), p.At, p.Key}, err
}

// AppendJSON appends the result.
func (p *Connack) AppendJSON(b []byte, id string) []byte {
	return answer(b, id, rpcConnack{p.ServerVersion, p.Key, p.Salt, p.TimeDiff, p.Reason, p.Node}, nil)
}

// Connack reads the result of connect.
func (c *Call) Connack() (Connack, error) {
	p, err := parse[rpcConnack](MethodConnect, c.result)
	return Connack{p.ServerVersion, p.TimeDiff, p.Reason, p.Key, p.Salt, p.Node}, err
}

// AppendJSON appends the request of a client, or without an id the notification of a
// server.
func (p *Disconnect) AppendJSON(b []byte, id string) []byte {
	return ask(b, MethodDisconnect, id, rpcDisconnect(*p))
}

// Disconnect reads the params of disconnect.
func (c *Call) Disconnect() (Disconnect, error) {
	p, err := parse[rpcDisconnect](MethodDisconnect, c.params)
	return Disconnect(p), err
}
