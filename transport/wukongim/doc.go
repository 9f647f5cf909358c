// Package wukongim speaks to servers of WuKongIM. So far it has their words: reasons,
// devices and kinds of channels, and what a reason means to a login, a message and a
// connection.
//
// Most of a WuKongIM server's reasons say different things in different places. 19
// refuses a login for good, and one message for a while; 12 ends a connection, and is
// nothing that a message could have done. So each reason has up to three meanings:
//
//	login        answers CONNECT: whether another attempt makes sense, and with what
//	send         answers SEND: what became of the message, or of the room
//	disconnect   ends a connection: whether it may come back
//
// # Decisions
//
// A reason that is not known, or does not belong where it is said, is tried again: a
// login as after an error of the server, a connection as after a close. Only what the
// server clearly means for good is final.
//
// A kick has one number, and its words differ: those that an administrator's calls
// leave behind (none at all, or "server kick") are told apart, and everything else is
// another login. Both are final until a takeover.
package wukongim
