package transport

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"net"
	"slices"
	"strings"
	"testing"
)

// The types of records (RFC 8446, 5.1).
const (
	recordAlert       = 21
	recordHandshake   = 22
	recordApplication = 23
)

// overheard is the socket under a server's TLS: it knows the first flight and how
// many records followed the handshake, each of which is one Write.
type overheard struct {
	net.Conn
	flight  []byte
	records uint64
}

func (o *overheard) Write(b []byte) (int, error) {
	if o.flight == nil {
		o.flight = slices.Clone(b)
	}
	o.records++
	return o.Conn.Write(b)
}

// forger writes records as a server's TLS would, with any content: crypto/tls writes
// none but those that are right. It goes on where the server stopped, which must not
// write any more.
type forger struct {
	sock   net.Conn
	vers   uint16
	hash   func() hash.Hash
	secret []byte // of TLS 1.3
	size   int    // of the key
	aead   cipher.AEAD
	iv     []byte
	number uint64
}

// forges makes a forger of a server's end.
func (r *rogue) forges(t *testing.T) *forger {
	t.Helper()
	state := r.Conn.(*tls.Conn).ConnectionState()
	f := &forger{sock: r.sock, vers: state.Version, hash: sha256.New, size: 16, number: r.over.records}
	switch suite := tls.CipherSuiteName(state.CipherSuite); {
	case strings.HasSuffix(suite, "AES_256_GCM_SHA384"):
		f.hash, f.size = sha512.New384, 32
	case !strings.HasSuffix(suite, "AES_128_GCM_SHA256"):
		t.Skipf("no records are forged of %s", suite)
	}
	if f.vers == tls.VersionTLS13 {
		f.turn(r.secret(t, "SERVER_TRAFFIC_SECRET_0", 1))
		return f
	}
	f.number++ // the Finished of TLS 1.2 is under the same key
	seed := slices.Concat([]byte("key expansion"), r.over.flight[11:43], r.secret(t, "CLIENT_RANDOM", 0))
	block := f.expand12(r.secret(t, "CLIENT_RANDOM", 1), seed, 2*f.size+8)
	f.use(block[f.size:2*f.size], block[2*f.size+4:])
	return f
}

// secret is a field of a line of the server's key log.
func (r *rogue) secret(t *testing.T, label string, field int) []byte {
	t.Helper()
	for line := range strings.Lines(r.log.String()) {
		if fields := strings.Fields(line); fields[0] == label {
			b, err := hex.DecodeString(fields[1+field])
			if err != nil {
				t.Error(err)
			}
			return b
		}
	}
	t.Errorf("the key log has no %s", label)
	return make([]byte, 32)
}

// use takes a key and the part of the nonces that does not change.
func (f *forger) use(key, iv []byte) {
	block, err := aes.NewCipher(key)
	if err == nil {
		f.aead, err = cipher.NewGCM(block)
	}
	if err != nil {
		panic(err)
	}
	f.iv = iv
}

// turn takes a secret of TLS 1.3 (RFC 8446, 7.3).
func (f *forger) turn(secret []byte) {
	f.secret = secret
	f.use(f.expand13("key", f.size), f.expand13("iv", 12))
}

// expand13 is HKDF-Expand-Label (RFC 8446, 7.1).
func (f *forger) expand13(label string, size int) []byte {
	label = "tls13 " + label
	info := binary.BigEndian.AppendUint16(nil, uint16(size))
	info = append(append(append(info, byte(len(label))), label...), 0)
	b, err := hkdf.Expand(f.hash, f.secret, string(info), size)
	if err != nil {
		panic(err)
	}
	return b
}

// expand12 is the PRF of TLS 1.2 (RFC 5246, 5).
func (f *forger) expand12(secret, seed []byte, size int) (out []byte) {
	sum := func(b []byte) []byte { m := hmac.New(f.hash, secret); m.Write(b); return m.Sum(nil) }
	for a := sum(seed); len(out) < size; a = sum(a) {
		out = append(out, sum(slices.Concat(a, seed))...)
	}
	return out[:size]
}

// seal makes a record.
func (f *forger) seal(kind byte, data []byte) []byte {
	number := binary.BigEndian.AppendUint64(nil, f.number)
	f.number++
	if f.vers == tls.VersionTLS13 {
		inner := append(bytes.Clone(data), kind)
		header := binary.BigEndian.AppendUint16([]byte{recordApplication, 3, 3}, uint16(len(inner)+f.aead.Overhead()))
		nonce := bytes.Clone(f.iv)
		for i, b := range number {
			nonce[4+i] ^= b
		}
		return f.aead.Seal(header, nonce, inner, header)
	}
	about := binary.BigEndian.AppendUint16(append(bytes.Clone(number), kind, 3, 3), uint16(len(data)))
	header := binary.BigEndian.AppendUint16([]byte{kind, 3, 3}, uint16(8+len(data)+f.aead.Overhead()))
	return f.aead.Seal(append(header, number...), slices.Concat(f.iv[:4], number), data, about)
}

// update is a KeyUpdate, after which the next keys are used; asks is to demand one in
// return (RFC 8446, 4.6.3).
func (f *forger) update(asks byte) []byte {
	b := f.seal(recordHandshake, []byte{24, 0, 0, 1, asks})
	f.turn(f.expand13("traffic upd", f.hash().Size()))
	f.number = 0
	return b
}

// says writes records; nobody minds if the client has gone.
func (f *forger) says(records ...[]byte) error {
	_, err := f.sock.Write(stream(records...))
	return err
}
