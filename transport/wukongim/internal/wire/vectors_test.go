package wire

import (
	"bytes"
	"crypto/ecdh"
	_ "embed"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/seed14814784/holdfast/messages"
)

//go:embed testdata/vectors.txt
var vectorsText string

// vectors are the lines of testdata/vectors.txt, by name.
var vectors = func() map[string]string {
	all := map[string]string{}
	for line := range strings.Lines(vectorsText) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(line, "#") {
			all[name] = value
		}
	}
	return all
}()

func vector(t testing.TB, name string) []byte {
	t.Helper()
	b, err := hex.DecodeString(vectors[name])
	if err != nil || len(b) == 0 {
		t.Fatalf("the vector %s: %x, %v", name, b, err)
	}
	return b
}

const hello = `{"type":1,"content":"hello"}`

// pair is the key pair of the vectors' client or server.
func pair(t testing.TB, name string) KeyPair {
	t.Helper()
	private, err := ecdh.X25519().NewPrivateKey(vector(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return KeyPair{private}
}

// agreed is the cipher of the vectors.
func agreed(t testing.TB) *Cipher {
	t.Helper()
	c, err := pair(t, "client_priv").Agree(vectors["server_key_b64"], vectors["salt_iv_ascii"])
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// written are the packets of the vectors.
func written() map[string]struct {
	version byte
	packet  packet
} {
	payload, key := []byte(vectors["payload_cipher_b64"]), []byte(vectors["send_msgkey"])
	send := func(expire uint32) *Send {
		return &Send{Flags: RedDot, ClientSeq: 7, ClientMsgNo: "cmn-1", ChannelID: "bob", ChannelType: 1, Expire: expire, MsgKey: key, Payload: payload}
	}
	const id = 2123752972390240256
	return map[string]struct {
		version byte
		packet  packet
	}{
		"CONNECT_v4": {4, &Connect{
			Version: 4, Device: 0, DeviceID: "dev1", UID: "alice", Token: messages.NewSecret("tok"),
			At: 1700000000123, Key: vectors["client_key_b64"],
		}},
		"CONNACK_v4":                       {4, &Connack{ServerVersion: 4, TimeDiff: 5, Reason: 1, Key: vectors["server_key_b64"], Salt: vectors["salt_iv_ascii"], Node: 1}},
		"SEND_v2_redDot":                   {2, send(0)},
		"SEND_v3_redDot":                   {3, send(0)},
		"SEND_v4_redDot":                   {4, send(0)},
		"SEND_v5_redDot":                   {5, send(0)},
		"SENDACK_v4":                       {4, &Sendack{Flags: RedDot, MessageID: id, ClientSeq: 7, MessageSeq: 1, Reason: 1}},
		"SENDACK_v4_withClientMsgNo(HEAD)": {4, &Sendack{MessageID: id, ClientSeq: 7, MessageSeq: 1, Reason: 1, ClientMsgNo: "cmn-1"}},
		"SENDACK_v6":                       {6, &Sendack{Flags: RedDot, MessageID: id, ClientSeq: 7, MessageSeq: 1, Reason: 1}},
		"RECV_v4_redDot": {4, &Recv{
			Flags: RedDot, MsgKey: []byte(vectors["recv_msgkey"]), FromUID: "alice", ChannelID: "alice", ChannelType: 1,
			ClientMsgNo: "cmn-1", MessageID: id, MessageSeq: 1, Timestamp: 1795177140, Payload: payload,
		}},
		"RECVACK_v4_redDot": {4, &Recvack{RedDot, id, 1}},
		"PING":              {4, Ping{}},
		"PONG":              {4, Pong{}},
		"DISCONNECT_kick":   {4, &Disconnect{12, "login in other device"}},
		"SUB":               {4, &Sub{SubNo: "sub1", ChannelID: "room", ChannelType: 2}},
	}
}

func TestVectorsAreReadAndWrittenByteForByte(t *testing.T) {
	for name, v := range written() {
		t.Run(name, func(t *testing.T) {
			want := vector(t, name)
			same(t, readOne(t, want, v.version), v.packet)
			prefix := []byte("before")
			got, err := v.packet.Append(bytes.Clone(prefix), v.version)
			if err != nil || !bytes.Equal(got, append(prefix, want...)) {
				t.Errorf("got  %x, %v\nwant %x after %q", got, err, want, prefix)
			}
		})
	}
}

func TestEveryVectorIsLookedAt(t *testing.T) {
	frames := written()
	for name := range vectors {
		if _, ok := frames[name]; !ok && strings.ToUpper(name[:3]) == name[:3] {
			t.Errorf("nothing reads %s", name)
		}
	}
	if len(vectors) < 28 {
		t.Errorf("only %d vectors were found", len(vectors))
	}
}

func TestKeysAreThoseOfTheVectors(t *testing.T) {
	client, server := pair(t, "client_priv"), pair(t, "server_priv")
	secret, err := client.private.ECDH(server.private.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	same(t, []string{client.Public(), server.Public(), hex.EncodeToString(secret), string(aesKey(secret))},
		[]string{vectors["client_key_b64"], vectors["server_key_b64"], vectors["shared_secret"], vectors["aes_key_ascii"]})
}

// Both sides seal and open the same bytes: what the client sends is SEND_v4, what the
// server sends is RECV_v4.
func TestMessagesAreSealedAndOpenedByteForByte(t *testing.T) {
	server, err := pair(t, "server_priv").Agree(vectors["client_key_b64"], vectors["salt_iv_ascii"])
	if err != nil {
		t.Fatal(err)
	}
	client := agreed(t)
	for range 3 { // what was sealed before leaves no trace
		sent := *written()["SEND_v4_redDot"].packet.(*Send)
		same(t, string(sent.appendSigned(nil)), vectors["send_sign"])
		sent.MsgKey, sent.Payload = nil, []byte(hello)
		frame, err := client.AppendSend(nil, 4, &sent)
		same(t, []any{hex.EncodeToString(frame), err}, []any{vectors["SEND_v4_redDot"], nil})
		plain, err := server.OpenSend(readOne(t, frame, 4).(*Send))
		same(t, []any{string(plain), err}, []any{hello, nil})

		got := *written()["RECV_v4_redDot"].packet.(*Recv)
		same(t, string(got.appendSigned(nil)), vectors["recv_sign"])
		got.MsgKey, got.Payload = nil, []byte(hello)
		frame, err = server.AppendRecv(nil, 4, &got)
		same(t, []any{hex.EncodeToString(frame), err}, []any{vectors["RECV_v4_redDot"], nil})
		plain, err = client.OpenRecv(readOne(t, frame, 4).(*Recv))
		same(t, []any{string(plain), err}, []any{hello, nil})
	}
}

func TestLengthsAreThoseOfTheVectors(t *testing.T) {
	for name, size := range map[string]int{"varlen_127": 127, "varlen_128": 128, "varlen_16383": 16383} {
		p := &Event{Data: make([]byte, size-12)}
		frame, err := p.Append(nil, 5)
		if err != nil || !bytes.HasPrefix(frame[1:], vector(t, name)) || len(frame) != 1+len(vector(t, name))+size {
			t.Errorf("%s: %x, %v", name, frame[:4], err)
		}
	}
}
