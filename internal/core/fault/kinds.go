package fault

import "net/http"

// The kinds, by HTTP status. A code is part of the REST contract: once
// released it keeps its meaning.
var (
	Malformed          = &Kind{"malformed", http.StatusBadRequest, "The request can't be read."}
	IdempotencyMissing = &Kind{"idempotency_key_missing", http.StatusBadRequest, "This call moves cash and needs an Idempotency-Key."}

	Unauthenticated = &Kind{"unauthenticated", http.StatusUnauthorized, "Sign in first."}
	BadCredentials  = &Kind{"bad_credentials", http.StatusUnauthorized, "E-mail or password is wrong."}
	TokenReused     = &Kind{"token_reused", http.StatusUnauthorized, "This refresh token was used before; sign in again."}

	SecondFactorRequired = &Kind{"second_factor_required", http.StatusUnauthorized, "Send a code of your second factor as well."}

	InsufficientCash = &Kind{"insufficient_cash", http.StatusPaymentRequired, "Your available cash does not cover this."}
	ChargeDeclined   = &Kind{"charge_declined", http.StatusPaymentRequired, "The payment provider declined the charge."}

	Forbidden     = &Kind{"forbidden", http.StatusForbidden, "You are not allowed to do this."}
	NotStreamer   = &Kind{"not_its_streamer", http.StatusForbidden, "Only the mission's streamer may do this."}
	NotCreator    = &Kind{"not_its_creator", http.StatusForbidden, "Only the mission's creator may do this."}
	OwnMission    = &Kind{"own_mission", http.StatusForbidden, "A streamer can't put cash on their own mission."}
	OperatorCash  = &Kind{"operator_moves_no_cash", http.StatusForbidden, "An operator's account moves no cash."}
	NotFound      = &Kind{"not_found", http.StatusNotFound, "This does not exist."}
	NotAllowed    = &Kind{"method_not_allowed", http.StatusMethodNotAllowed, "This method is not allowed for this resource."}
	NotAcceptable = &Kind{"not_acceptable", http.StatusNotAcceptable, "None of the accepted media types can be served."}

	EmailTaken     = &Kind{"email_taken", http.StatusConflict, "This e-mail address already has an account."}
	AccountInUse   = &Kind{"account_in_use", http.StatusConflict, "Something of this account is not settled yet."}
	SecondFactorOn = &Kind{"second_factor_on", http.StatusConflict, "Your second factor is already on; turn it off first."}
	NotRedrivable  = &Kind{"not_redrivable", http.StatusConflict, "This dead letter can't be sent again."}
	NotAccepted    = &Kind{"not_accepted", http.StatusConflict, "The streamer has not accepted this mission yet."}
	NotActive      = &Kind{"not_active", http.StatusConflict, "The mission's state does not allow this."}

	TooLarge         = &Kind{"too_large", http.StatusRequestEntityTooLarge, "The request body is over 64 KiB."}
	UnsupportedMedia = &Kind{"unsupported_media_type", http.StatusUnsupportedMediaType, "Send JSON."}

	Invalid           = &Kind{"invalid", http.StatusUnprocessableEntity, "The request breaks a rule."}
	IdempotencyReused = &Kind{"idempotency_key_reused", http.StatusUnprocessableEntity, "This Idempotency-Key was used with another request before."}

	TooMany         = &Kind{"too_many_requests", http.StatusTooManyRequests, "Too many requests; slow down."}
	TooManyMissions = &Kind{"too_many_missions", http.StatusTooManyRequests, "You have made too many missions."}

	Internal    = &Kind{"internal", http.StatusInternalServerError, "An internal error occurred."}
	ExitOnly    = &Kind{"exit_only", http.StatusServiceUnavailable, "No new cash is accepted at present; verdicts, payouts and refunds continue."}
	Unavailable = &Kind{"unavailable", http.StatusServiceUnavailable, "Not possible right now; try again with the same Idempotency-Key."}
)

// Kinds lists every kind, by status, for documentation and for tests.
func Kinds() []*Kind {
	return []*Kind{
		Malformed, IdempotencyMissing,
		Unauthenticated, BadCredentials, TokenReused, SecondFactorRequired,
		InsufficientCash, ChargeDeclined,
		Forbidden, NotStreamer, NotCreator, OwnMission, OperatorCash,
		NotFound, NotAllowed, NotAcceptable,
		EmailTaken, AccountInUse, SecondFactorOn, NotAccepted, NotActive, NotRedrivable,
		TooLarge, UnsupportedMedia,
		Invalid, IdempotencyReused,
		TooMany, TooManyMissions,
		Internal, ExitOnly, Unavailable,
	}
}
