package people

import (
	"example.com/missionpot/internal/auth/token"
	"example.com/missionpot/internal/core/account"
)

// signer makes the tokens of a sign-in.
type signer struct{ tokens Tokens }

// pair asks nobody: what it needs came with the sign-in, from one transaction. So
// nothing can fail between that and the answer but the signature.
func (s signer) pair(in account.SignIn, refresh token.Refresh) (*tokenAnswer, error) {
	b := token.Bearer{User: in.User, Generation: in.Generation}
	if in.Operator {
		b.Roles = append(b.Roles, account.Operator)
	}
	access, err := s.tokens.Sign(b)
	if err != nil {
		return nil, err
	}
	return &tokenAnswer{Body: TokenPair{
		AccessToken: access, TokenType: "Bearer", ExpiresIn: int(token.AccessTime.Seconds()), RefreshToken: string(refresh),
	}}, nil
}
