package wire

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/seed14814784/holdfast/messages"
)

func TestAgreementSaysWhatIsWrongWithAKeyOrASalt(t *testing.T) {
	client := pair(t, "client_priv")
	key, salt := vectors["server_key_b64"], vectors["salt_iv_ascii"]
	encoded := func(n int) string { return base64.StdEncoding.EncodeToString(make([]byte, n)) }
	for sentence, c := range map[string]struct{ key, salt, want string }{
		"no base64":         {"*" + key[1:], salt, "ProtocolError: the serverKey of 44 bytes is not base64"},
		"base64 cut short":  {key[:43], salt, "ProtocolError: the serverKey of 43 bytes is not base64"},
		"31 bytes":          {encoded(31), salt, "ProtocolError: the serverKey has 31 bytes; an X25519 key has 32"},
		"33 bytes":          {encoded(33), salt, "ProtocolError: the serverKey has 33 bytes; an X25519 key has 32"},
		"a point of no use": {encoded(32), salt, "ProtocolError: the serverKey is a point that gives no secret"},
		"no salt":           {key, "", "ProtocolError: the salt has 0 bytes; it takes 16"},
		"a short salt":      {key, salt[:15], "ProtocolError: the salt has 15 bytes; it takes 16"},
		"as it should be":   {key, salt, ""},
		"a longer salt":     {key, salt + "QRST", ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			got, err := client.Agree(c.key, c.salt)
			same(t, fault(t, err), c.want)
			if (got == nil) != (err != nil) {
				t.Errorf("the cipher is %v", got)
			}
		})
	}
}

// Only the first 16 bytes of a salt count.
func TestALongerSaltIsCut(t *testing.T) {
	c, err := pair(t, "client_priv").Agree(vectors["server_key_b64"], vectors["salt_iv_ascii"]+"QRST")
	if err != nil {
		t.Fatal(err)
	}
	plain, err := c.OpenRecv(written()["RECV_v4_redDot"].packet.(*Recv))
	same(t, []any{string(plain), err}, []any{hello, nil})
}

func TestWithoutAServersKeyMessagesArePlain(t *testing.T) {
	c, err := pair(t, "client_priv").Agree("", "")
	if c != nil || err != nil {
		t.Fatal(c, err)
	}
	send := &Send{ClientSeq: 7, ClientMsgNo: "cmn-1", ChannelID: "bob", ChannelType: 1, Payload: []byte(hello)}
	frame, err := c.AppendSend(nil, 5, send)
	if err != nil {
		t.Fatal(err)
	}
	got := readOne(t, frame, 5).(*Send)
	plain, err := c.OpenSend(got)
	same(t, []any{got.ClientMsgNo, len(got.MsgKey), string(got.Payload), string(plain), err}, []any{"cmn-1", 0, hello, hello, nil})

	frame, err = c.AppendRecv(nil, 6, &Recv{MessageID: 9, MessageSeq: 1 << 40, Payload: []byte(hello)})
	if err != nil {
		t.Fatal(err)
	}
	recv := readOne(t, frame, 6).(*Recv)
	plain, err = c.OpenRecv(recv)
	same(t, []any{recv.MessageSeq, string(plain), err}, []any{uint64(1 << 40), hello, nil})
}

// Two sides with new keys understand each other, whatever the size: around every
// block, and above what is kept for the next message.
func TestTwoSidesUnderstandEachOtherAtEverySize(t *testing.T) {
	ours, err1 := NewKeyPair()
	theirs, err2 := NewKeyPair()
	if err1 != nil || err2 != nil || ours.Public() == theirs.Public() {
		t.Fatal(err1, err2)
	}
	client, err1 := ours.Agree(theirs.Public(), "0123456789abcdef")
	server, err2 := theirs.Agree(ours.Public(), "0123456789abcdef")
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	sizes := []int{1000, 32_767, 40_000, 200_000, 700_000}
	for n := range 70 {
		sizes = append(sizes, n)
	}
	for _, n := range sizes {
		want := bytes.Repeat([]byte{byte(n), 0}, n)[:n]
		frame, err := client.AppendSend(nil, 5, &Send{ClientSeq: uint32(n), ChannelID: "c", Payload: want})
		if err != nil {
			t.Fatal(n, err)
		}
		got, err := server.OpenSend(readOne(t, frame, 5).(*Send))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes became %d: %v", n, len(got), err)
		}
		if frame, err = server.AppendRecv(nil, 6, &Recv{MessageID: int64(n), Payload: want}); err != nil {
			t.Fatal(n, err)
		}
		got, err = client.OpenRecv(readOne(t, frame, 6).(*Recv))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes became %d: %v", n, len(got), err)
		}
	}
}

// Every field that is signed is told apart from another value of it.
func TestAMessageThatWasChangedIsForged(t *testing.T) {
	c := agreed(t)
	for sentence, change := range map[string]func(*Recv){
		"its id":             func(p *Recv) { p.MessageID++ },
		"its sequence":       func(p *Recv) { p.MessageSeq++ },
		"its number":         func(p *Recv) { p.ClientMsgNo += "x" },
		"its time":           func(p *Recv) { p.Timestamp-- },
		"its sender":         func(p *Recv) { p.FromUID = "mallory" },
		"its channel":        func(p *Recv) { p.ChannelID = "bob" },
		"the channel's type": func(p *Recv) { p.ChannelType = 2 },
		"its payload":        func(p *Recv) { p.Payload[3] ^= 1 },
		"no payload":         func(p *Recv) { p.Payload = nil },
		"its key":            func(p *Recv) { p.MsgKey[31] ^= 1 },
		"half a key":         func(p *Recv) { p.MsgKey = p.MsgKey[:16] },
		"no key":             func(p *Recv) { p.MsgKey = nil },
		"a key in capitals":  func(p *Recv) { p.MsgKey = bytes.ToUpper(p.MsgKey) },
		"not encrypted":      func(p *Recv) { p.Setting, p.Payload = NoEncrypt, []byte(hello) },
	} {
		t.Run(sentence, func(t *testing.T) {
			p := *readOne(t, vector(t, "RECV_v4_redDot"), 4).(*Recv)
			change(&p)
			plain, err := c.OpenRecv(&p)
			if plain != nil || !errors.Is(err, ErrForged) || errors.Is(err, ErrGarbled) || !errors.Is(err, messages.ReasonProtocolError) {
				t.Errorf("it gave %q, %v", plain, err)
			}
		})
	}
	other, err := pair(t, "client_priv").Agree(vectors["server_key_b64"], "another session.")
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := other.OpenRecv(readOne(t, vector(t, "RECV_v4_redDot"), 4).(*Recv)); plain != nil || !errors.Is(err, ErrForged) {
		t.Errorf("in another session it gave %q, %v", plain, err)
	}
	if plain, err := other.OpenSend(readOne(t, vector(t, "SEND_v4_redDot"), 4).(*Send)); plain != nil || !errors.Is(err, ErrForged) {
		t.Errorf("in another session a SEND gave %q, %v", plain, err)
	}
}

// Each field has a place of its own, and numbers are decimal with their sign.
func TestFieldsAreSignedInTheirOrder(t *testing.T) {
	recv := &Recv{MessageID: -1, MessageSeq: 1<<64 - 1, ClientMsgNo: "(number)", Timestamp: -2, FromUID: "(from)", ChannelID: "(channel)", ChannelType: 255, Payload: []byte("(payload)")}
	same(t, string(recv.appendSigned(nil)), "-118446744073709551615(number)-2(from)(channel)255(payload)")
	send := &Send{ClientSeq: 1<<32 - 1, ClientMsgNo: "(number)", ChannelID: "(channel)", ChannelType: 255, Payload: []byte("(payload)")}
	same(t, string(send.appendSigned(nil)), "4294967295(number)(channel)255(payload)")
}

// signed is a RECV whose msgKey is right, whatever its payload is.
func signed(c *Cipher, setting Setting, payload []byte) *Recv {
	p := &Recv{Setting: setting, MessageID: 9, MessageSeq: 1, Payload: payload}
	var key [hexSum]byte
	c.sign(&scratch{signed: p.appendSigned(nil)}, &key)
	p.MsgKey = key[:]
	return p
}

// raw is blocks encrypted as they are, without padding of ours.
func raw(blocks string) []byte {
	block, err := aes.NewCipher([]byte(vectors["aes_key_ascii"]))
	if err != nil {
		panic(err)
	}
	b := []byte(blocks)
	cipher.NewCBCEncrypter(block, []byte(vectors["salt_iv_ascii"])).CryptBlocks(b, b)
	return []byte(base64.StdEncoding.EncodeToString(b))
}

func TestASignedMessageThatIsNotEncryptedAsItShouldBeIsGarbled(t *testing.T) {
	c := agreed(t)
	fifteen := strings.Repeat("x", 15)
	for sentence, payload := range map[string][]byte{
		"nothing":                   nil,
		"no base64":                 []byte("****"),
		"base64 cut short":          raw(fifteen + "\x01")[:23],
		"half a block":              raw(fifteen + "\x01")[:12],
		"a block and a half":        append(raw(fifteen + "\x01")[:20], "AAAAAAAAAAAA"...),
		"padding of no bytes":       raw(fifteen + "\x00"),
		"padding above a block":     raw(fifteen + "\x11"),
		"padding far above":         raw(fifteen + "\xff"),
		"two blocks, padding of 17": raw(fifteen + strings.Repeat("\x11", 17)),
		"padding that is not even":  raw(strings.Repeat("x", 13) + "\x02\x03\x03"),
	} {
		t.Run(sentence, func(t *testing.T) {
			plain, err := c.OpenRecv(signed(c, 0, payload))
			if plain != nil || !errors.Is(err, ErrGarbled) || errors.Is(err, ErrForged) || !errors.Is(err, messages.ReasonProtocolError) {
				t.Errorf("it gave %q, %v", plain, err)
			}
		})
	}
	for want, payload := range map[string][]byte{
		fifteen: raw(fifteen + "\x01"),
		"":      raw(strings.Repeat("\x10", 16)),
		"x\x00": raw("x\x00" + strings.Repeat("\x0e", 14)),
	} {
		plain, err := c.OpenRecv(signed(c, 0, payload))
		same(t, []any{string(plain), err}, []any{want, nil})
	}
	plain, err := c.OpenRecv(signed(c, NoEncrypt, []byte(hello)))
	same(t, []any{string(plain), err}, []any{hello, nil})
}

// What is opened belongs to whoever gets it: the next message does not touch it, nor
// does the frame change.
func TestWhatWasOpenedStaysAsItIs(t *testing.T) {
	c := agreed(t)
	frame := vector(t, "RECV_v4_redDot")
	before := bytes.Clone(frame)
	first, err := c.OpenRecv(readOne(t, frame, 4).(*Recv))
	if err != nil || !bytes.Equal(frame, before) {
		t.Fatalf("the frame became %x, %v", frame, err)
	}
	for i := range 10 {
		if _, err := c.AppendSend(nil, 5, &Send{ClientSeq: uint32(i), Payload: []byte(fmt.Sprint("another one ", i))}); err != nil {
			t.Fatal(err)
		}
	}
	clear(frame)
	same(t, string(first), hello)
}

// What is signed as it is verifies, and is then found to be no encryption.
func TestAMessageIsSignedAsItIs(t *testing.T) {
	c := agreed(t)
	p := readOne(t, vector(t, "RECV_v4_redDot"), 4).(*Recv)
	p.MsgKey = nil
	c.SignRecv(p)
	same(t, string(p.MsgKey), vectors["recv_msgkey"])
	p.Payload = []byte("nothing that was encrypted")
	c.SignRecv(p)
	if _, err := c.OpenRecv(p); !errors.Is(err, ErrGarbled) {
		t.Error(err)
	}
}
