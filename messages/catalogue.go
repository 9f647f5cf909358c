package messages

// The reason codes. Their numbers never change; new ones are added at the end of
// their hundred.
const (
	// Nothing happened.
	ReasonOK Code = 0 // nothing failed

	// Local commands.
	ReasonUserConnect       Code = 100 // connect was asked for
	ReasonUserDisconnect    Code = 101 // disconnect was asked for
	ReasonUserDrop          Code = 102 // the connection was dropped on request, retrying goes on
	ReasonDrain             Code = 103 // drain was asked for
	ReasonRedial            Code = 104 // a fresh connection was asked for
	ReasonRotation          Code = 105 // the connection reached its planned age
	ReasonPaused            Code = 106 // pause was asked for
	ReasonResumed           Code = 107 // resume was asked for
	ReasonConfigChanged     Code = 108 // the configuration changed
	ReasonHandOver          Code = 109 // the channel was handed over to another process
	ReasonCredentialRenewed Code = 110 // the credentials were renewed on the live connection

	// The network.
	ReasonNetworkDown         Code = 200 // this machine has no network
	ReasonNetworkUp           Code = 201 // this machine has a network again
	ReasonDNS                 Code = 202 // the name could not be resolved
	ReasonRefused             Code = 203 // the endpoint refused the connection
	ReasonUnreachable         Code = 204 // the endpoint cannot be reached
	ReasonDialTimeout         Code = 205 // the connection was not made in time
	ReasonTLS                 Code = 206 // the TLS handshake did not succeed
	ReasonProxy               Code = 207 // the proxy did not let the connection through
	ReasonUpgradeStatus       Code = 208 // the server answered the upgrade with another HTTP status
	ReasonReadEOF             Code = 209 // the peer closed the stream without a close frame
	ReasonReadError           Code = 210 // reading from the socket failed
	ReasonWriteError          Code = 211 // writing to the socket failed
	ReasonWriteTimeout        Code = 212 // the peer did not take our bytes in time
	ReasonAbnormalClosure     Code = 213 // the peer sent close code 1006
	ReasonFrameTooLarge       Code = 214 // the peer sent more than the limit allows
	ReasonProtocolError       Code = 215 // the peer broke the protocol
	ReasonPeerClose           Code = 216 // the peer closed the connection with a close frame
	ReasonLocalPortsExhausted Code = 217 // no local port is left for this endpoint
	ReasonFDLimit             Code = 218 // this process may not open more descriptors
	ReasonLocalAddress        Code = 219 // no local address to dial from fits

	// Deadlines.
	ReasonHandshakeTimeout  Code = 300 // the upgrade was not answered in time
	ReasonAuthTimeout       Code = 301 // the login was not answered in time
	ReasonSyncTimeout       Code = 302 // catching up took too long
	ReasonPongTimeout       Code = 303 // nothing was heard after our heartbeat
	ReasonIdleTimeout       Code = 304 // nothing was heard for too long
	ReasonCloseTimeout      Code = 305 // the peer did not answer our close frame in time
	ReasonDrainTimeout      Code = 306 // the outbox was not empty in time
	ReasonSessionTTLExpired Code = 307 // the outage outlived the session
	ReasonGiveUpDeadline    Code = 308 // the channel was not up within the time it was given
	ReasonAdmissionWait     Code = 309 // waiting for a permit to dial
	ReasonSyncFailed        Code = 310 // catching up did not work

	// Credentials.
	ReasonCredCallbackError    Code = 400 // the address or credentials callback did not answer with something usable
	ReasonCredCallbackTimeout  Code = 401 // the address or credentials callback did not answer in time
	ReasonCredUnavailable      Code = 402 // there are no usable credentials
	ReasonCredExpired          Code = 403 // the credentials have expired
	ReasonCredWillExpire       Code = 404 // the credentials will expire soon
	ReasonAuthRejected         Code = 405 // the server rejected the credentials
	ReasonForbidden            Code = 406 // these credentials are not allowed here
	ReasonAuthFailuresExceeded Code = 407 // the server rejected the credentials too often
	ReasonIdentityMismatch     Code = 408 // the credentials belong to another identity
	ReasonAuthSuspected        Code = 409 // the server ends logins without a word; it may be the credentials

	// The server says retry.
	ReasonGoAway          Code = 500 // the server asked us to leave and come back
	ReasonReconnectNow    Code = 501 // the server asked for a fresh connection
	ReasonTryLater        Code = 502 // the server asked us to come back later
	ReasonRateLimited     Code = 503 // the server said we are too fast
	ReasonServerError     Code = 504 // the server had an error
	ReasonSlowConsumer    Code = 505 // the server found us too slow
	ReasonMoved           Code = 506 // the server named another address
	ReasonSessionInvalid  Code = 507 // the server does not know this session any more
	ReasonConnectionLimit Code = 508 // the server has no room for another connection
	ReasonNoPongFromUs    Code = 509 // the server heard no heartbeat from us

	// The server says stop.
	ReasonKickedOtherDevice  Code = 600 // another login replaced this one
	ReasonKickedByAdmin      Code = 601 // an administrator ended this login
	ReasonBanned             Code = 602 // this identity is banned
	ReasonUnregistered       Code = 603 // this identity does not exist any more
	ReasonNotAllowed         Code = 604 // the server does not allow this
	ReasonUnsupportedVersion Code = 605 // the server does not speak our version
	ReasonBadRequest         Code = 606 // there is no such service at this address

	// Supervision.
	ReasonRetriesExhausted   Code = 700 // all retries were used up
	ReasonRetryTimeExhausted Code = 701 // retrying went on for too long
	ReasonActorPanic         Code = 702 // our own code, an adapter or a handler panicked
	ReasonRestartIntensity   Code = 703 // panics came faster than the budget allows
	ReasonCircuitOpen        Code = 704 // the endpoint is down, its breaker is open
	ReasonAdmissionTimeout   Code = 705 // no permit to dial came in time
	ReasonEscalated          Code = 706 // the failure was passed to the parent
	ReasonParentStopped      Code = 707 // the fleet was closed
	ReasonMailboxOverflow    Code = 708 // too many commands at once
	ReasonFlapping           Code = 709 // session after session ended in the same way, right after its login

	// Rooms.
	ReasonJoined               Code = 800 // the room is joined
	ReasonInterrupted          Code = 801 // the connection under the room was lost
	ReasonVerifyPending        Code = 802 // the server is asked whether we are still a member
	ReasonRecovered            Code = 803 // the room continued where it stopped
	ReasonRejoinedWithGap      Code = 804 // the room is joined again, with history missing
	ReasonRoomNotExist         Code = 805 // there is no such room
	ReasonRoomHeartbeatTimeout Code = 806 // the server took us out of the room while we were away
	ReasonKickedFromRoom       Code = 807 // somebody removed us from the room
	ReasonKickedByOtherDevice  Code = 808 // another device of this identity took the room
	ReasonJoinRejected         Code = 809 // the server refused the join
	ReasonJoinTimeout          Code = 810 // the join was not answered in time
	ReasonCreateFailed         Code = 811 // the room could not be created
	ReasonRoomLimit            Code = 812 // no more rooms are allowed
	ReasonAlreadyInRoom        Code = 813 // we are in the room already
	ReasonNotInRoom            Code = 814 // we are not in the room
	ReasonBlocked              Code = 815 // this identity is blocked in the room
	ReasonDisbanded            Code = 816 // the room was closed for everybody
	ReasonUserLeave            Code = 817 // leave was asked for
	ReasonConnSuspended        Code = 818 // the outage outlived the room's continuity
	ReasonConnTerminal         Code = 819 // the channel under the room has ended
	ReasonHistoryLost          Code = 820 // the server cannot continue where we stopped
	ReasonSwitched             Code = 821 // another room took this one's place
	ReasonSwitchFailed         Code = 822 // the switch to another room was refused
	ReasonPermissionRevoked    Code = 823 // the permission for the room was taken back
	ReasonRoomTokenExpired     Code = 824 // the room's token has expired

	// Delivery and use of the API.
	ReasonOutboxFull      Code = 900 // the outbox is full
	ReasonExpired         Code = 901 // the message outlived its time to live
	ReasonAckTimeout      Code = 902 // the peer did not acknowledge in time
	ReasonNack            Code = 903 // the peer rejected the message
	ReasonFailedOnSuspend Code = 904 // the message was given up when the outage became long
	ReasonFailedOnClose   Code = 905 // the channel ended before the message left
	ReasonNotConnected    Code = 906 // the channel is not connected and not about to be
	ReasonDuplicate       Code = 907 // the same message was there before
	ReasonTooLarge        Code = 908 // the message is above the limit
	ReasonSuperseded      Code = 909 // newer messages pushed this one out
	ReasonOutcomeUnknown  Code = 910 // written, but the connection was lost before an answer
	ReasonNoSuchChannel   Code = 911 // there is no channel with this ID
	ReasonInvalidSpec     Code = 912 // the specification is not usable
	ReasonConflict        Code = 913 // the ID is taken by a channel with another address
	ReasonFleetClosed     Code = 914 // the fleet is closed
	ReasonNotSupported    Code = 915 // the protocol cannot do this
	ReasonInvalidMessage  Code = 916 // the message itself is not sendable
)

type entry struct {
	name    string
	class   Class
	action  Action
	meaning string
}

var catalogue = map[Code]entry{
	ReasonOK:                   {"OK", ClassNone, ActionNone, "nothing failed"},
	ReasonUserConnect:          {"UserConnect", ClassLocal, ActionNone, "connect was asked for"},
	ReasonUserDisconnect:       {"UserDisconnect", ClassLocal, ActionConnect, "disconnect was asked for"},
	ReasonUserDrop:             {"UserDrop", ClassLocal, ActionWait, "the connection was dropped on request, retrying goes on"},
	ReasonDrain:                {"Drain", ClassLocal, ActionConnect, "drain was asked for"},
	ReasonRedial:               {"Redial", ClassLocal, ActionWait, "a fresh connection was asked for"},
	ReasonRotation:             {"Rotation", ClassLocal, ActionWait, "the connection reached its planned age"},
	ReasonPaused:               {"Paused", ClassLocal, ActionConnect, "pause was asked for"},
	ReasonResumed:              {"Resumed", ClassLocal, ActionNone, "resume was asked for"},
	ReasonConfigChanged:        {"ConfigChanged", ClassLocal, ActionWait, "the configuration changed"},
	ReasonHandOver:             {"HandOver", ClassLocal, ActionNone, "the channel was handed over to another process"},
	ReasonCredentialRenewed:    {"CredentialRenewed", ClassLocal, ActionNone, "the credentials were renewed on the live connection"},
	ReasonNetworkDown:          {"NetworkDown", ClassTransient, ActionWait, "this machine has no network"},
	ReasonNetworkUp:            {"NetworkUp", ClassLocal, ActionNone, "this machine has a network again"},
	ReasonDNS:                  {"DNS", ClassTransient, ActionWait, "the name could not be resolved"},
	ReasonRefused:              {"Refused", ClassTransient, ActionWait, "the endpoint refused the connection"},
	ReasonUnreachable:          {"Unreachable", ClassTransient, ActionWait, "the endpoint cannot be reached"},
	ReasonDialTimeout:          {"DialTimeout", ClassTransient, ActionWait, "the connection was not made in time"},
	ReasonTLS:                  {"TLS", ClassTransient, ActionConfigure, "the TLS handshake did not succeed"},
	ReasonProxy:                {"Proxy", ClassTransient, ActionConfigure, "the proxy did not let the connection through"},
	ReasonUpgradeStatus:        {"UpgradeStatus", ClassTransient, ActionWait, "the server answered the upgrade with another HTTP status"},
	ReasonReadEOF:              {"ReadEOF", ClassTransient, ActionWait, "the peer closed the stream without a close frame"},
	ReasonReadError:            {"ReadError", ClassTransient, ActionWait, "reading from the socket failed"},
	ReasonWriteError:           {"WriteError", ClassTransient, ActionWait, "writing to the socket failed"},
	ReasonWriteTimeout:         {"WriteTimeout", ClassTransient, ActionWait, "the peer did not take our bytes in time"},
	ReasonAbnormalClosure:      {"AbnormalClosure", ClassTransient, ActionWait, "the peer sent close code 1006"},
	ReasonFrameTooLarge:        {"FrameTooLarge", ClassTransient, ActionConfigure, "the peer sent more than the limit allows"},
	ReasonProtocolError:        {"ProtocolError", ClassTransient, ActionReport, "the peer broke the protocol"},
	ReasonPeerClose:            {"PeerClose", ClassTransient, ActionWait, "the peer closed the connection with a close frame"},
	ReasonLocalPortsExhausted:  {"LocalPortsExhausted", ClassStarved, ActionReport, "no local port is left for this endpoint"},
	ReasonFDLimit:              {"FDLimit", ClassStarved, ActionReport, "this process may not open more descriptors"},
	ReasonLocalAddress:         {"LocalAddress", ClassStarved, ActionConfigure, "no local address to dial from fits"},
	ReasonHandshakeTimeout:     {"HandshakeTimeout", ClassTransient, ActionWait, "the upgrade was not answered in time"},
	ReasonAuthTimeout:          {"AuthTimeout", ClassTransient, ActionWait, "the login was not answered in time"},
	ReasonSyncTimeout:          {"SyncTimeout", ClassTransient, ActionWait, "catching up took too long"},
	ReasonPongTimeout:          {"PongTimeout", ClassTransient, ActionWait, "nothing was heard after our heartbeat"},
	ReasonIdleTimeout:          {"IdleTimeout", ClassTransient, ActionWait, "nothing was heard for too long"},
	ReasonCloseTimeout:         {"CloseTimeout", ClassLocal, ActionNone, "the peer did not answer our close frame in time"},
	ReasonDrainTimeout:         {"DrainTimeout", ClassLocal, ActionNone, "the outbox was not empty in time"},
	ReasonSessionTTLExpired:    {"SessionTTLExpired", ClassLocal, ActionWait, "the outage outlived the session"},
	ReasonGiveUpDeadline:       {"GiveUpDeadline", ClassForbidden, ActionConnect, "the channel was not up within the time it was given"},
	ReasonAdmissionWait:        {"AdmissionWait", ClassLocal, ActionWait, "waiting for a permit to dial"},
	ReasonSyncFailed:           {"SyncFailed", ClassTransient, ActionWait, "catching up did not work"},
	ReasonCredCallbackError:    {"CredCallbackError", ClassTransient, ActionWait, "the address or credentials callback did not answer with something usable"},
	ReasonCredCallbackTimeout:  {"CredCallbackTimeout", ClassTransient, ActionWait, "the address or credentials callback did not answer in time"},
	ReasonCredUnavailable:      {"CredUnavailable", ClassForbidden, ActionLogin, "there are no usable credentials"},
	ReasonCredExpired:          {"CredExpired", ClassStale, ActionRenew, "the credentials have expired"},
	ReasonCredWillExpire:       {"CredWillExpire", ClassLocal, ActionRenew, "the credentials will expire soon"},
	ReasonAuthRejected:         {"AuthRejected", ClassStale, ActionRenew, "the server rejected the credentials"},
	ReasonForbidden:            {"Forbidden", ClassForbidden, ActionLogin, "these credentials are not allowed here"},
	ReasonAuthFailuresExceeded: {"AuthFailuresExceeded", ClassForbidden, ActionLogin, "the server rejected the credentials too often"},
	ReasonIdentityMismatch:     {"IdentityMismatch", ClassForbidden, ActionLogin, "the credentials belong to another identity"},
	ReasonAuthSuspected:        {"AuthSuspected", ClassTransient, ActionRenew, "the server ends logins without a word; it may be the credentials"},
	ReasonGoAway:               {"GoAway", ClassReconnectNow, ActionWait, "the server asked us to leave and come back"},
	ReasonReconnectNow:         {"ReconnectNow", ClassReconnectNow, ActionWait, "the server asked for a fresh connection"},
	ReasonTryLater:             {"TryLater", ClassThrottled, ActionWait, "the server asked us to come back later"},
	ReasonRateLimited:          {"RateLimited", ClassThrottled, ActionWait, "the server said we are too fast"},
	ReasonServerError:          {"ServerError", ClassTransient, ActionWait, "the server had an error"},
	ReasonSlowConsumer:         {"SlowConsumer", ClassTransient, ActionReport, "the server found us too slow"},
	ReasonMoved:                {"Moved", ClassMoved, ActionWait, "the server named another address"},
	ReasonSessionInvalid:       {"SessionInvalid", ClassSessionInvalid, ActionWait, "the server does not know this session any more"},
	ReasonConnectionLimit:      {"ConnectionLimit", ClassThrottled, ActionReport, "the server has no room for another connection"},
	ReasonNoPongFromUs:         {"NoPongFromUs", ClassTransient, ActionReport, "the server heard no heartbeat from us"},
	ReasonKickedOtherDevice:    {"KickedOtherDevice", ClassKicked, ActionTakeOver, "another login replaced this one"},
	ReasonKickedByAdmin:        {"KickedByAdmin", ClassKicked, ActionLogin, "an administrator ended this login"},
	ReasonBanned:               {"Banned", ClassBanned, ActionLogin, "this identity is banned"},
	ReasonUnregistered:         {"Unregistered", ClassBanned, ActionLogin, "this identity does not exist any more"},
	ReasonNotAllowed:           {"NotAllowed", ClassBanned, ActionConfigure, "the server does not allow this"},
	ReasonUnsupportedVersion:   {"UnsupportedVersion", ClassForbidden, ActionConfigure, "the server does not speak our version"},
	ReasonBadRequest:           {"BadRequest", ClassForbidden, ActionConfigure, "there is no such service at this address"},
	ReasonRetriesExhausted:     {"RetriesExhausted", ClassForbidden, ActionConnect, "all retries were used up"},
	ReasonRetryTimeExhausted:   {"RetryTimeExhausted", ClassForbidden, ActionConnect, "retrying went on for too long"},
	ReasonActorPanic:           {"ActorPanic", ClassTransient, ActionReport, "our own code, an adapter or a handler panicked"},
	ReasonRestartIntensity:     {"RestartIntensity", ClassForbidden, ActionReport, "panics came faster than the budget allows"},
	ReasonCircuitOpen:          {"CircuitOpen", ClassTransient, ActionWait, "the endpoint is down, its breaker is open"},
	ReasonAdmissionTimeout:     {"AdmissionTimeout", ClassTransient, ActionWait, "no permit to dial came in time"},
	ReasonEscalated:            {"Escalated", ClassForbidden, ActionReport, "the failure was passed to the parent"},
	ReasonParentStopped:        {"ParentStopped", ClassLocal, ActionNone, "the fleet was closed"},
	ReasonMailboxOverflow:      {"MailboxOverflow", ClassTransient, ActionReport, "too many commands at once"},
	ReasonFlapping:             {"Flapping", ClassForbidden, ActionTakeOver, "session after session ended in the same way, right after its login: another process may use the same identity"},
	ReasonJoined:               {"Joined", ClassLocal, ActionNone, "the room is joined"},
	ReasonInterrupted:          {"Interrupted", ClassLocal, ActionNone, "the connection under the room was lost"},
	ReasonVerifyPending:        {"VerifyPending", ClassLocal, ActionNone, "the server is asked whether we are still a member"},
	ReasonRecovered:            {"Recovered", ClassLocal, ActionNone, "the room continued where it stopped"},
	ReasonRejoinedWithGap:      {"RejoinedWithGap", ClassLocal, ActionNone, "the room is joined again, with history missing"},
	ReasonRoomNotExist:         {"RoomNotExist", ClassLocal, ActionNone, "there is no such room"},
	ReasonRoomHeartbeatTimeout: {"RoomHeartbeatTimeout", ClassLocal, ActionNone, "the server took us out of the room while we were away"},
	ReasonKickedFromRoom:       {"KickedFromRoom", ClassLocal, ActionNone, "somebody removed us from the room"},
	ReasonKickedByOtherDevice:  {"KickedByOtherDevice", ClassLocal, ActionNone, "another device of this identity took the room"},
	ReasonJoinRejected:         {"JoinRejected", ClassLocal, ActionNone, "the server refused the join"},
	ReasonJoinTimeout:          {"JoinTimeout", ClassLocal, ActionNone, "the join was not answered in time"},
	ReasonCreateFailed:         {"CreateFailed", ClassLocal, ActionNone, "the room could not be created"},
	ReasonRoomLimit:            {"RoomLimit", ClassLocal, ActionNone, "no more rooms are allowed"},
	ReasonAlreadyInRoom:        {"AlreadyInRoom", ClassLocal, ActionNone, "we are in the room already"},
	ReasonNotInRoom:            {"NotInRoom", ClassLocal, ActionNone, "we are not in the room"},
	ReasonBlocked:              {"Blocked", ClassLocal, ActionNone, "this identity is blocked in the room"},
	ReasonDisbanded:            {"Disbanded", ClassLocal, ActionNone, "the room was closed for everybody"},
	ReasonUserLeave:            {"UserLeave", ClassLocal, ActionNone, "leave was asked for"},
	ReasonConnSuspended:        {"ConnSuspended", ClassLocal, ActionNone, "the outage outlived the room's continuity"},
	ReasonConnTerminal:         {"ConnTerminal", ClassLocal, ActionNone, "the channel under the room has ended"},
	ReasonHistoryLost:          {"HistoryLost", ClassLocal, ActionNone, "the server cannot continue where we stopped"},
	ReasonSwitched:             {"Switched", ClassLocal, ActionNone, "another room took this one's place"},
	ReasonSwitchFailed:         {"SwitchFailed", ClassLocal, ActionNone, "the switch to another room was refused"},
	ReasonPermissionRevoked:    {"PermissionRevoked", ClassLocal, ActionNone, "the permission for the room was taken back"},
	ReasonRoomTokenExpired:     {"RoomTokenExpired", ClassLocal, ActionNone, "the room's token has expired"},
	ReasonOutboxFull:           {"OutboxFull", ClassLocal, ActionWait, "the outbox is full"},
	ReasonExpired:              {"Expired", ClassLocal, ActionNone, "the message outlived its time to live"},
	ReasonAckTimeout:           {"AckTimeout", ClassTransient, ActionWait, "the peer did not acknowledge in time"},
	ReasonNack:                 {"Nack", ClassLocal, ActionNone, "the peer rejected the message"},
	ReasonFailedOnSuspend:      {"FailedOnSuspend", ClassLocal, ActionWait, "the message was given up when the outage became long"},
	ReasonFailedOnClose:        {"FailedOnClose", ClassLocal, ActionConnect, "the channel ended before the message left"},
	ReasonNotConnected:         {"NotConnected", ClassLocal, ActionConnect, "the channel is not connected and not about to be"},
	ReasonDuplicate:            {"Duplicate", ClassLocal, ActionNone, "the same message was there before"},
	ReasonTooLarge:             {"TooLarge", ClassLocal, ActionConfigure, "the message is above the limit"},
	ReasonSuperseded:           {"Superseded", ClassLocal, ActionNone, "newer messages pushed this one out"},
	ReasonOutcomeUnknown:       {"OutcomeUnknown", ClassLocal, ActionNone, "written, but the connection was lost before an answer"},
	ReasonNoSuchChannel:        {"NoSuchChannel", ClassLocal, ActionConfigure, "there is no channel with this ID"},
	ReasonInvalidSpec:          {"InvalidSpec", ClassLocal, ActionConfigure, "the specification is not usable"},
	ReasonConflict:             {"Conflict", ClassLocal, ActionConfigure, "the ID is taken by a channel with another address"},
	ReasonFleetClosed:          {"FleetClosed", ClassLocal, ActionNone, "the fleet is closed"},
	ReasonNotSupported:         {"NotSupported", ClassLocal, ActionConfigure, "the protocol cannot do this"},
	ReasonInvalidMessage:       {"InvalidMessage", ClassLocal, ActionConfigure, "the message itself is not sendable"},
}

// Codes lists every code of the catalogue, in no particular order.
func Codes() []Code {
	all := make([]Code, 0, len(catalogue))
	for c := range catalogue {
		all = append(all, c)
	}
	return all
}
