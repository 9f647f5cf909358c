package wire

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/md5"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"

	"github.com/seed14814784/holdfast/messages"
)

// KeyPair is one side's half of an agreement on keys, by X25519. Each connection has
// a new one.
type KeyPair struct{ private *ecdh.PrivateKey }

// NewKeyPair makes a key pair. That is an error only where the algorithm is not
// allowed, as in the strict mode of FIPS 140.
func NewKeyPair() (KeyPair, error) {
	private, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return KeyPair{}, &messages.Error{Op: "login", Reason: messages.Because(messages.ReasonNotSupported, "this program may not make X25519 keys"), Err: err}
	}
	return KeyPair{private}, nil
}

// Public is what the other side has to know of the pair, in base64.
func (k KeyPair) Public() string {
	return base64.StdEncoding.EncodeToString(k.private.PublicKey().Bytes())
}

// Agree makes the session's cipher from the other side's public key and the server's
// salt. An empty key means that nothing is encrypted: then the cipher is nil, which
// is as good as any other.
func (k KeyPair) Agree(key, salt string) (*Cipher, error) {
	if key == "" {
		return nil, nil
	}
	raw, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		return nil, broken("the serverKey of %d bytes is not base64", len(key))
	}
	public, err := ecdh.X25519().NewPublicKey(raw)
	if err != nil {
		return nil, broken("the serverKey has %d bytes; an X25519 key has 32", len(raw))
	}
	if len(salt) < aes.BlockSize {
		return nil, broken("the salt has %d bytes; it takes %d", len(salt), aes.BlockSize)
	}
	secret, err := k.private.ECDH(public)
	if err != nil {
		return nil, broken("the serverKey is a point that gives no secret")
	}
	return newCipher(aesKey(secret), []byte(salt[:aes.BlockSize])), nil
}

// aesKey is the key that the two sides derive from their secret: half of the
// hexadecimal digits of a hash, as text.
func aesKey(secret []byte) []byte {
	sum := md5.Sum([]byte(base64.StdEncoding.EncodeToString(secret)))
	return []byte(hex.EncodeToString(sum[:]))[:aes.BlockSize]
}

// restarter is a mode of package cipher that can be begun again, as all of its CBC
// modes can. It spares each message a mode of its own.
type restarter interface {
	cipher.BlockMode
	SetIV(iv []byte)
}

func newCipher(key, iv []byte) *Cipher {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // the key has 16 bytes
	}
	c := &Cipher{iv: iv}
	c.encrypter = again(iv, block, cipher.NewCBCEncrypter)
	c.decrypter = again(iv, block, cipher.NewCBCDecrypter)
	return c
}

// again returns what gives the mode at its beginning.
func again(iv []byte, block cipher.Block, mode func(cipher.Block, []byte) cipher.BlockMode) func() cipher.BlockMode {
	m, ok := mode(block, iv).(restarter)
	if !ok {
		return func() cipher.BlockMode { return mode(block, iv) }
	}
	return func() cipher.BlockMode {
		m.SetIV(iv)
		return m
	}
}
