package wire

import "github.com/seed14814784/holdfast/messages"

// Connect is a client's login: CONNECT, or the request connect.
type Connect struct {
	Version  byte // the highest that the client speaks
	Device   byte // its flag: one login of each is kept
	DeviceID string
	UID      string
	Token    messages.Secret
	At       int64  // the client's clock, milliseconds since 1970
	Key      string // the client's half of the encryption; see KeyPair
}

// Append appends the frame. Its layout is the same in every version.
func (p *Connect) Append(b []byte, _ byte) ([]byte, error) {
	w := begin(b, TypeConnect, 0)
	w.u8(p.Version)
	w.u8(p.Device)
	w.text("deviceId", p.DeviceID)
	w.text("uid", p.UID)
	w.text("token", p.Token.Reveal())
	w.u64(uint64(p.At))
	w.text("clientKey", p.Key)
	return w.end()
}

// Connect reads a CONNECT.
func (f Frame) Connect() (Connect, error) {
	r := f.reader()
	p := Connect{Version: r.u8("version"), Device: r.u8("deviceFlag")}
	id, uid, token := r.text("deviceId"), r.text("uid"), r.bytes("token")
	p.At = int64(r.u64("clientTimestamp"))
	key := r.text("clientKey")
	if r.flaw != nil {
		return Connect{}, r.flaw
	}
	head := r.head()
	p.DeviceID, p.UID, p.Token, p.Key = id.of(head), uid.of(head), messages.NewSecret(string(token)), key.of(head)
	return p, nil
}

// Connack is the server's answer to a login: CONNACK, or the result of connect.
type Connack struct {
	ServerVersion byte   // the version that holds from here on; 0: it was not said
	TimeDiff      int64  // the server's clock less the client's, milliseconds
	Reason        byte   // 1: accepted
	Key           string // the server's half of the encryption; empty: there is none
	Salt          string
	Node          uint64 // which server node it is; 0: it was not said
}

// Append appends the frame.
func (p *Connack) Append(b []byte, version byte) ([]byte, error) {
	flags := Flags(0)
	if p.ServerVersion != 0 {
		flags = hasVersion
	}
	w := begin(b, TypeConnack, flags)
	if p.ServerVersion != 0 {
		w.u8(p.ServerVersion)
	}
	w.u64(uint64(p.TimeDiff))
	w.u8(p.Reason)
	w.text("serverKey", p.Key)
	w.text("salt", p.Salt)
	if version >= VersionNode {
		w.u64(p.Node)
	}
	return w.end()
}

// Connack reads a CONNACK of any version. A server that refuses a login may leave
// out its version and still name its node, so the node is read if it is there.
func (f Frame) Connack() (Connack, error) {
	r := f.reader()
	var p Connack
	if f.Flags&hasVersion != 0 {
		p.ServerVersion = r.u8("serverVersion")
	}
	p.TimeDiff = int64(r.u64("timeDiff"))
	p.Reason = r.u8("reasonCode")
	key, salt := r.text("serverKey"), r.text("salt")
	if r.flaw != nil {
		return Connack{}, r.flaw
	}
	head := r.head()
	p.Key, p.Salt = key.of(head), salt.of(head)
	if r.left() >= 8 {
		p.Node = r.u64("nodeId")
	}
	return p, nil
}
