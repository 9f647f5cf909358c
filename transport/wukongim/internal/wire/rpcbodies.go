package wire

import (
	"fmt"
	"strconv"
	"strings"
)

// What calls carry. Members without which a call means the same are left out.

type (
	// rpcFlags are flags that are members; none is no object.
	rpcFlags struct {
		NoPersist bool `json:"noPersist,omitempty"`
		RedDot    bool `json:"redDot,omitempty"`
		SyncOnce  bool `json:"syncOnce,omitempty"`
		DUP       bool `json:"dup,omitempty"`
	}
	// rpcSetting likewise.
	rpcSetting struct {
		Receipt bool `json:"receipt,omitempty"`
		Signal  bool `json:"signal,omitempty"`
		Stream  bool `json:"stream,omitempty"`
		Topic   bool `json:"topic,omitempty"`
	}
	rpcConnect struct {
		Version  byte   `json:"version,omitempty"`
		Key      string `json:"clientKey,omitempty"`
		DeviceID string `json:"deviceId,omitempty"`
		Device   byte   `json:"deviceFlag"`
		At       int64  `json:"clientTimestamp,omitempty"`
		UID      string `json:"uid"`
		Token    string `json:"token"`
	}
	rpcConnack struct {
		ServerVersion byte   `json:"serverVersion"`
		Key           string `json:"serverKey,omitempty"`
		Salt          string `json:"salt,omitempty"`
		TimeDiff      int64  `json:"timeDiff"`
		Reason        byte   `json:"reasonCode"`
		Node          uint64 `json:"nodeId"`
	}
	rpcSend struct {
		Header      *rpcFlags   `json:"header,omitempty"`
		Setting     *rpcSetting `json:"setting,omitempty"`
		MsgKey      string      `json:"msgKey,omitempty"`
		Expire      uint32      `json:"expire,omitempty"`
		ClientMsgNo string      `json:"clientMsgNo,omitempty"`
		StreamNo    string      `json:"streamNo,omitempty"`
		ChannelID   string      `json:"channelId"`
		ChannelType byte        `json:"channelType"`
		Topic       string      `json:"topic,omitempty"`
		Payload     []byte      `json:"payload"`
	}
	rpcSendack struct {
		Header     *rpcFlags `json:"header,omitempty"`
		MessageID  rpcID     `json:"messageId"`
		MessageSeq uint64    `json:"messageSeq"`
		Reason     byte      `json:"reasonCode"`
	}
	rpcRecv struct {
		Header      *rpcFlags   `json:"header,omitempty"`
		Setting     *rpcSetting `json:"setting,omitempty"`
		Expire      uint32      `json:"expire,omitempty"`
		MessageID   rpcID       `json:"messageId"`
		MessageSeq  uint64      `json:"messageSeq"`
		ClientMsgNo string      `json:"clientMsgNo,omitempty"`
		Timestamp   int32       `json:"timestamp"`
		ChannelID   string      `json:"channelId"`
		ChannelType byte        `json:"channelType"`
		Topic       string      `json:"topic,omitempty"`
		FromUID     string      `json:"fromUid"`
		Payload     []byte      `json:"payload"`
	}
	rpcRecvack struct {
		Header     *rpcFlags `json:"header,omitempty"`
		MessageID  rpcID     `json:"messageId"`
		MessageSeq uint64    `json:"messageSeq"`
	}
	rpcDisconnect struct {
		Reason byte   `json:"reasonCode"`
		Text   string `json:"reason,omitempty"`
	}
	rpcSub struct {
		SubNo       string `json:"subNo"`
		ChannelID   string `json:"channelId"`
		ChannelType byte   `json:"channelType"`
		Param       string `json:"param,omitempty"`
	}
	rpcEvent struct {
		Header *rpcFlags `json:"header,omitempty"`
		ID     string    `json:"id"`
		Type   string    `json:"type"`
		At     int64     `json:"timestamp"`
		Data   string    `json:"data"`
	}
)

// rpcID is the id of a message: a string, since it has more digits than a number of
// JavaScript. Numbers are read as well.
type rpcID int64

// MarshalText makes the string.
func (id rpcID) MarshalText() ([]byte, error) { return strconv.AppendInt(nil, int64(id), 10), nil }

// UnmarshalJSON reads a string or a number.
func (id *rpcID) UnmarshalJSON(text []byte) error {
	n, err := strconv.ParseInt(strings.Trim(string(text), `"`), 10, 64)
	if err != nil {
		return fmt.Errorf("the messageId %s is not a number of 64 bits", brief(string(text)))
	}
	*id = rpcID(n)
	return nil
}

func headerOf(f Flags) *rpcFlags {
	if f == 0 {
		return nil
	}
	return &rpcFlags{f&NoPersist != 0, f&RedDot != 0, f&SyncOnce != 0, f&DUP != 0}
}

func (h *rpcFlags) flags() (f Flags) {
	if h == nil {
		return 0
	}
	return pick(h.NoPersist, NoPersist) | pick(h.RedDot, RedDot) | pick(h.SyncOnce, SyncOnce) | pick(h.DUP, DUP)
}

// settingOf is the setting as members; NoEncrypt has none.
func settingOf(s Setting) *rpcSetting {
	if s&(Receipt|Signal|Stream|Topic) == 0 {
		return nil
	}
	return &rpcSetting{s.Has(Receipt), s.Has(Signal), s.Has(Stream), s.Has(Topic)}
}

func (s *rpcSetting) setting() Setting {
	if s == nil {
		return 0
	}
	return pick(s.Receipt, Receipt) | pick(s.Signal, Signal) | pick(s.Stream, Stream) | pick(s.Topic, Topic)
}

// filled is what is written as an empty string, not as null.
func filled(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// bare is nil if there is nothing, as in frames.
func bare[T string | []byte](b T) []byte {
	if len(b) == 0 {
		return nil
	}
	return []byte(b)
}

func pick[T ~byte](is bool, bit T) T {
	if is {
		return bit
	}
	return 0
}
