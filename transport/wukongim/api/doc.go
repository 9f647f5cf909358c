// Package api is a client of WuKongIM's HTTP API: what programs do for the users of
// their server, what tests and examples need, and what a session fetches that the
// socket does not tell.
//
//	client := &api.Client{URL: "http://127.0.0.1:5001"}
//	err := client.SetToken(ctx, api.Token{UID: "alice", Token: secret})
//	err = client.CreateChannel(ctx, api.Channel{ID: "g1", Type: 2}, "alice", "bob")
//
// Every call blocks until it is answered, and ends with its context, and after
// Client.Timeout. A Client may be used by any number of goroutines. It follows no
// redirects: what it sends is for that server.
//
// # Errors
//
// All errors are *messages.Error. Their reason says what to do:
//
//	ReasonRefused, ReasonDNS, ReasonTLS ...  the server was not reached
//	ReasonReadEOF                            it hung up
//	ReasonTryLater                           it did not answer in time, or said 408 or 5xx; RetryAfter if it named one
//	ReasonRateLimited                        429; RetryAfter if it named one
//	ReasonForbidden                          401 or 403: Client.Token is not what it wants
//	ReasonNotSupported                       404: it is of a generation without that call
//	ReasonNack                               it refused, and Wire has its words
//	ReasonProtocolError                      the answer is none
//	ReasonFrameTooLarge                      the answer is above the limit
//	ReasonInvalidSpec                        the Client or the question will not do, or it redirects
//
// They show neither tokens nor payloads, nor the user information of a URL; and neither
// does a Client, a [Message] or an [Outgoing] that is printed.
//
// # Two generations
//
//	call                       version 2                    version 3
//	------------------------   --------------------------   ---------------------------
//	a refusal                  400, in Chinese mostly       400, 404, 408, 503
//	Client.Token               is checked                   is not looked at
//	Send                       tells the message's id       and whether it was taken
//	Messages                   for everybody                for members
//	Member                     looks at all subscribers     asks for one message
//	MaxSeq                     /channel/max_message_seq     no such call: take Latest
//	Conversations              /conversation/sync           no such call
//	Connections, Kick          /connz, /conn/kick           no such call
//	Subscribers                /cluster/channels/...        no such call
//	Health                     /health                      /healthz
//
// A call that a server does not have is ReasonNotSupported:
//
//	if _, err := client.MaxSeq(ctx, uid, channel); errors.Is(err, messages.ReasonNotSupported) { ... }
//
// # Limits
//
// An answer has 1 MiB at most, a history or a list of conversations 8 MiB. A page of a
// history has as many messages as were asked for, 1,000 at most, and fewer where they
// would not fit.
//
// # Decisions
//
//   - Success is an answer in the server's manner, not a status alone: a web page that
//     says 200 to everything has made no channel.
//   - A question that finds its connection dead is asked again, once, on a fresh one;
//     servers restart. A message is not: version 2 would send it twice.
//   - Version 2 finds connections by a part of the uid. Those of others are left out
//     here, because what follows is often a kick.
//   - The members of a channel are not its subscribers alone where visitors, agents,
//     two persons, or a message's own recipients are in as well. For those types Member
//     does not ask, and cannot tell.
//   - A list of subscribers of more than 1 MiB is not read: whoever joins would have all
//     of it sent. Then Member cannot tell either.
//   - Two persons who never spoke have no history in version 3, and are told that they
//     are no members. Here the history is empty.
package api
