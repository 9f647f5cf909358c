package wire

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"sync"

	"github.com/seed14814784/holdfast/messages"
)

// ErrForged is in the error of a message whose msgKey is not that of its fields:
// somebody changed it, or it was made for another session.
var ErrForged = errors.New("wukongim: the msgKey does not fit the message")

// ErrGarbled is in the error of a message whose msgKey is right and whose payload
// is not encrypted as it should be.
var ErrGarbled = errors.New("wukongim: the payload cannot be decrypted")

// Cipher encrypts and signs the messages of one session, and opens those of the
// other side. A nil Cipher does neither: messages are plain. It is not safe for
// concurrent use.
//
// Every message is encrypted with AES-128 in CBC mode from the same beginning, and
// nobody proves who they are: this hides messages from a casual look, no more. TLS
// is what protects them.
type Cipher struct {
	iv        []byte
	encrypter func() cipher.BlockMode
	decrypter func() cipher.BlockMode
}

// AppendSend appends a SEND with the payload encrypted and the message signed.
func (c *Cipher) AppendSend(b []byte, version byte, plain *Send) ([]byte, error) {
	if c == nil {
		return plain.Append(b, version)
	}
	s := scratches.Get().(*scratch)
	defer s.free()
	p := *plain
	var key [hexSum]byte
	p.Payload = c.sealed(s, plain.Payload)
	s.signed = p.appendSigned(s.signed[:0])
	c.sign(s, &key)
	p.MsgKey = key[:]
	return p.Append(b, version)
}

// AppendRecv appends a RECV with the payload encrypted and the message signed.
func (c *Cipher) AppendRecv(b []byte, version byte, plain *Recv) ([]byte, error) {
	if c == nil {
		return plain.Append(b, version)
	}
	s := scratches.Get().(*scratch)
	defer s.free()
	p := *plain
	var key [hexSum]byte
	p.Payload = c.sealed(s, plain.Payload)
	s.signed = p.appendSigned(s.signed[:0])
	c.sign(s, &key)
	p.MsgKey = key[:]
	return p.Append(b, version)
}

// SignRecv signs a RECV as it is: the payload is not encrypted, whatever it is.
func (c *Cipher) SignRecv(p *Recv) {
	s := scratches.Get().(*scratch)
	defer s.free()
	var key [hexSum]byte
	s.signed = p.appendSigned(s.signed[:0])
	c.sign(s, &key)
	p.MsgKey = key[:]
}

// OpenSend returns the plain payload of a SEND: a buffer of its own, unless the
// message came plain.
func (c *Cipher) OpenSend(p *Send) ([]byte, error) {
	if c == nil {
		return p.Payload, nil
	}
	s := scratches.Get().(*scratch)
	defer s.free()
	s.signed = p.appendSigned(s.signed[:0])
	return c.open(s, p.MsgKey, p.Setting, p.Payload)
}

// OpenRecv returns the plain payload of a RECV: a buffer of its own, unless the
// message came plain. Its error has ErrForged or ErrGarbled in it; such a message
// must not be delivered.
func (c *Cipher) OpenRecv(p *Recv) ([]byte, error) {
	if c == nil {
		return p.Payload, nil
	}
	s := scratches.Get().(*scratch)
	defer s.free()
	s.signed = p.appendSigned(s.signed[:0])
	return c.open(s, p.MsgKey, p.Setting, p.Payload)
}

// open checks what s.signed says against the key, and decrypts the payload. One
// with NoEncrypt is signed as well, but not encrypted.
func (c *Cipher) open(s *scratch, key []byte, setting Setting, payload []byte) ([]byte, error) {
	var want [hexSum]byte
	c.sign(s, &want)
	if subtle.ConstantTimeCompare(want[:], key) != 1 {
		return nil, rejected(ErrForged, "a message's msgKey of %d bytes does not fit it", len(key))
	}
	if setting.Has(NoEncrypt) {
		return payload, nil
	}
	text, err := base64.StdEncoding.AppendDecode(nil, payload)
	if err != nil || len(text) == 0 || len(text)%aes.BlockSize != 0 {
		return nil, rejected(ErrGarbled, "a payload of %d bytes is not base64 of whole blocks", len(payload))
	}
	c.decrypter().CryptBlocks(text, text)
	pad := int(text[len(text)-1])
	if pad == 0 || pad > aes.BlockSize || bytes.Count(text[len(text)-pad:], text[len(text)-1:]) != pad {
		return nil, rejected(ErrGarbled, "the padding of a payload of %d bytes is wrong", len(payload))
	}
	return text[:len(text)-pad], nil
}

func rejected(kind error, format string, args ...any) error {
	return &messages.Error{Op: "receive", Reason: messages.Because(messages.ReasonProtocolError, format, args...), Err: kind}
}

// sealed is a payload as it goes over the wire. It is in s.payload.
func (c *Cipher) sealed(s *scratch, plain []byte) []byte {
	s.blocks = append(s.blocks[:0], plain...)
	s.payload = c.encrypt(s, s.payload)
	return s.payload
}

// sign makes the msgKey of what s.signed says.
func (c *Cipher) sign(s *scratch, key *[hexSum]byte) {
	s.blocks, s.signed = s.signed, s.blocks
	s.signed = c.encrypt(s, s.signed)
	sum := md5.Sum(s.signed)
	hex.Encode(key[:], sum[:])
}

// encrypt pads s.blocks, encrypts them in place, and makes base64 of them over text.
func (c *Cipher) encrypt(s *scratch, text []byte) []byte {
	pad := aes.BlockSize - len(s.blocks)%aes.BlockSize
	for range pad {
		s.blocks = append(s.blocks, byte(pad))
	}
	c.encrypter().CryptBlocks(s.blocks, s.blocks)
	return base64.StdEncoding.AppendEncode(text[:0], s.blocks)
}

// hexSum is the size of a msgKey.
const hexSum = 2 * md5.Size

// scratch is what encrypting takes for a moment. Sessions share them, so an idle one
// holds none.
type scratch struct{ blocks, payload, signed []byte }

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// kept is the largest buffer that a scratch is kept with.
const kept = 64 << 10

func (s *scratch) free() {
	if cap(s.blocks)+cap(s.payload)+cap(s.signed) <= 3*kept {
		scratches.Put(s)
	}
}
