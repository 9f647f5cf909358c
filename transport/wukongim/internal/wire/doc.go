// Package wire is WuKongIM on the wire: frames, JSON-RPC calls and encryption. It
// knows what bytes say, never what follows from that. The session, the fake server
// and the tests share it, so it goes both ways: whatever can be read can be written.
//
//	var d wire.Decoder                      // per connection
//	frame, rest, ok, err := d.Next(bytes)   // any split of the stream
//	recv, err := frame.Recv(version)        // by the frame's Type
//	plain, err := cipher.OpenRecv(&recv)    // checked, then decrypted
//	out, err := ack.Append(out, version)    // any packet
//	out, err := cipher.AppendSend(out, version, &send)
//
// The same packets are JSON-RPC calls: AppendJSON writes them, [ParseCall] and the
// methods of [Call] read them.
//
// # Layout
//
// All numbers are big-endian. A string is a length of 16 bits, 32,767 at most, and
// its bytes. seq has 32 bits, and 64 from version 6 on. [ ] is there on a condition.
//
//	frame       u8 type<<4|flags, length in 1 to 4 groups of 7 bits (the lowest first), body
//	PING, PONG  one byte
//	CONNECT     u8 version, u8 deviceFlag, deviceId, uid, token, i64 ms, clientKey
//	CONNACK     [u8 serverVersion: flag 1], i64 timeDiff ms, u8 reason, serverKey, salt, [u64 node: v4]
//	SEND        u8 setting, u32 clientSeq, clientMsgNo, [streamNo: stream, v2-4], channelId,
//	            u8 channelType, [u32 expire s: v3], msgKey, [topic: topic], payload
//	SENDACK     i64 messageId, u32 clientSeq, seq, u8 reason, [clientMsgNo: some servers]
//	RECV        u8 setting, msgKey, fromUid, channelId, u8 channelType, [u32 expire s: v3], clientMsgNo,
//	            [u8 streamFlag, streamNo, u64 streamId: stream, v2-4], i64 messageId, seq,
//	            i32 timestamp s, [topic: topic], payload
//	RECVACK     i64 messageId, seq
//	DISCONNECT  u8 reason, text
//	SUB         u8 setting, subNo, channelId, u8 channelType, u8 action, param
//	SUBACK      subNo, channelId, u8 channelType, u8 action, u8 reason
//	EVENT       id, type, i64 ms, data
//
// A client proposes a version and the server answers with the lower of the two. From
// then on every frame is of that version; CONNECT and CONNACK need none to be read.
//
// # Encryption
//
// Both sides send an X25519 key in base64. Of the secret, in base64 again, the first
// 16 hexadecimal digits of the MD5 are the AES-128 key; the salt's first 16 bytes are
// the vector that every message begins with (CBC, PKCS7). On the wire, a payload is
// base64 of what was encrypted. A msgKey is the MD5, in hexadecimal, of the base64 of
// the encryption of
//
//	SEND  clientSeq clientMsgNo channelId channelType payload
//	RECV  messageId messageSeq clientMsgNo timestamp fromUid channelId channelType payload
//
// with numbers in decimal, nothing in between, and the payload as it is on the wire.
//
// # Errors
//
// What a peer may not send is an error with ReasonProtocolError, or with
// ReasonFrameTooLarge above [MaxBody]; it ends the stream. A message that does not
// verify has [ErrForged] or [ErrGarbled] in its error: the stream goes on. What we
// cannot send is ReasonTooLarge or ReasonInvalidMessage, and the buffer stays as it
// was. Errors name the field, and show neither tokens nor payloads.
//
// # Decisions
//
// A body is read where it lies, and its strings are made in one piece of memory: so
// a message costs one allocation to read, and none to write. The price is that a
// payload which was not encrypted is a part of the bytes that came in, and that one
// string which is kept keeps the others of its message.
//
// A length is looked at as soon as it is there, and memory grows with what arrives:
// so a frame that announces too much, or announces much and sends nothing, costs
// nothing. A length of more than four bytes ends the stream, where the server's own
// codec takes the fourth for the last.
//
// What follows the last known field is ignored, for servers add fields. Strings need
// not be UTF-8: they were written by other users, whose mistakes must not end our
// connection.
//
// A payload is limited by the frame alone. The server's codec refuses to write a SEND
// of more than 32,767 bytes, but servers take it.
//
// A RECV with NoEncrypt is checked like any other before it is delivered as it is.
// Otherwise whoever may change bytes would only have to set that bit.
//
// The CBC modes are begun again for each message with a method that the standard
// library's have and its interface does not name; where they have not, there is a new
// one for each message.
package wire
