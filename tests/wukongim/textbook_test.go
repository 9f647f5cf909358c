package wukongim

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"testing"

	wkproto "github.com/WuKongIM/WuKongIMGoProto"
	"pgregory.net/rapid"

	"github.com/seed14814784/holdfast/transport/wukongim/internal/wire"
)

// textbook is the other side's encryption, written down step by step as the
// specification has it. The peer's module has only the text that is signed.
type textbook struct{ key, iv []byte }

// agree derives the keys from our half of the agreement.
func agree(private *ecdh.PrivateKey, public, salt string) (textbook, error) {
	raw, err := base64.StdEncoding.DecodeString(public)
	if err != nil {
		return textbook{}, err
	}
	other, err := ecdh.X25519().NewPublicKey(raw)
	if err != nil {
		return textbook{}, err
	}
	secret, err := private.ECDH(other)
	if err != nil {
		return textbook{}, err
	}
	sum := md5.Sum([]byte(base64.StdEncoding.EncodeToString(secret)))
	return textbook{[]byte(hex.EncodeToString(sum[:])[:16]), []byte(salt[:16])}, nil
}

func (b textbook) encrypt(plain []byte) []byte {
	block, err := aes.NewCipher(b.key)
	if err != nil {
		panic(err)
	}
	pad := aes.BlockSize - len(plain)%aes.BlockSize
	padded := append(bytes.Clone(plain), bytes.Repeat([]byte{byte(pad)}, pad)...)
	out := make([]byte, len(padded))
	cipher.NewCBCEncrypter(block, b.iv).CryptBlocks(out, padded)
	return []byte(base64.StdEncoding.EncodeToString(out))
}

func (b textbook) decrypt(text []byte) ([]byte, error) {
	raw, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(b.key)
	if err != nil {
		return nil, err
	}
	if len(raw) == 0 || len(raw)%aes.BlockSize != 0 {
		return nil, errors.New("no whole blocks")
	}
	out := make([]byte, len(raw))
	cipher.NewCBCDecrypter(block, b.iv).CryptBlocks(out, raw)
	return out[:len(out)-int(out[len(out)-1])], nil
}

func (b textbook) sign(text string) string {
	sum := md5.Sum(b.encrypt([]byte(text)))
	return hex.EncodeToString(sum[:])
}

const salt = "ABCDEFGHIJKLMNOP"

// session is both sides of a new session.
func session(t testing.TB) (*wire.Cipher, textbook) {
	t.Helper()
	ours, err := wire.NewKeyPair()
	if err != nil {
		t.Fatal(err)
	}
	private, err := ecdh.X25519().GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := agree(private, ours.Public(), salt)
	if err != nil {
		t.Fatal(err)
	}
	c, err := ours.Agree(base64.StdEncoding.EncodeToString(private.PublicKey().Bytes()), salt)
	if err != nil {
		t.Fatal(err)
	}
	return c, theirs
}

func TestWhatIsSealedOnOneSideIsVerifiedAndOpenedOnTheOther(t *testing.T) {
	ours, theirs := session(t)
	rapid.Check(t, func(t *rapid.T) {
		version := rapid.SampledFrom(versions).Draw(t, "version")
		plain := payload.Draw(t, "payload")
		send := &wire.Send{
			ClientSeq: rapid.Uint32().Draw(t, "seq"), ClientMsgNo: text.Draw(t, "number"), ChannelID: text.Draw(t, "channel"),
			ChannelType: rapid.Byte().Draw(t, "kind"), Payload: plain,
		}
		frame, err := ours.AppendSend(nil, version, send)
		if err != nil {
			t.Fatal(err)
		}
		heard, _, err := peer.DecodeFrame(frame, version)
		if err != nil {
			t.Fatal(err)
		}
		got := heard.(*wkproto.SendPacket)
		opened, err := theirs.decrypt(got.Payload)
		if err != nil || !bytes.Equal(opened, plain) || got.MsgKey != theirs.sign(got.VerityString()) {
			t.Fatalf("they opened %x as %x, %v, with the key %s of %q", plain, opened, err, got.MsgKey, got.VerityString())
		}

		recv := &wkproto.RecvPacket{
			Framer: framer(wire.TypeRecv, 0), MessageID: rapid.Int64().Draw(t, "id"), MessageSeq: rapid.Uint32().Draw(t, "messageSeq"),
			ClientMsgNo: send.ClientMsgNo, Timestamp: rapid.Int32().Draw(t, "time"), FromUID: text.Draw(t, "from"),
			ChannelID: send.ChannelID, ChannelType: send.ChannelType, Payload: theirs.encrypt(plain),
		}
		recv.MsgKey = theirs.sign(recv.VerityString())
		if frame, err = peer.EncodeFrame(recv, version); err != nil {
			t.Fatal(err)
		}
		p, err := read(frame, version)
		if err != nil {
			t.Fatal(err)
		}
		if opened, err = ours.OpenRecv(p.(*wire.Recv)); err != nil || !bytes.Equal(opened, plain) {
			t.Fatalf("we opened %x as %x, %v", plain, opened, err)
		}
	})
}
