#!/usr/bin/env bash
# The API in ten steps: two people, one mission, its cash. Needs bash, curl and a running stand:
#
#   make run            in one shell
#   bash docs/try.sh    in another
set -euo pipefail
api=${API:-http://127.0.0.1:8080}
run=$(date +%s)-$$ # so that it can be run again

# call METHOD PATH TOKEN [BODY [HEADER…]] prints the answer, and fails on an error.
call() {
	local method=$1 path=$2 token=$3 body=${4:-} headers=()
	for header in "${@:5}"; do headers+=(-H "$header"); done
	[ -z "$token" ] || headers+=(-H "Authorization: Bearer $token")
	[ -z "$body" ] || headers+=(-H 'Content-Type: application/json' --data "$body")
	curl -sS --fail-with-body -X "$method" "${headers[@]}" "$api$path"
}

# field NAME prints the first field of that name.
field() { grep -o "\"$1\":[^,}]*" | head -n 1 | cut -d: -f2- | tr -d '"'; }

step() { printf '\n%s. %s\n' "$1" "$2"; }

step 1 'Two people sign up. Haneul is a streamer.'
call POST /v1/users '' '{"email":"mina-'$run'@example.com","password":"correct horse battery","display_name":"Mina"}'
call POST /v1/users '' '{"email":"haneul-'$run'@example.com","password":"correct horse battery","display_name":"Haneul","streamer":true}'

step 2 'Both sign in. An access token is good for 15 minutes.'
mina=$(call POST /v1/login '' '{"email":"mina-'$run'@example.com","password":"correct horse battery"}' | field access_token)
haneul=$(call POST /v1/login '' '{"email":"haneul-'$run'@example.com","password":"correct horse battery"}' | field access_token)
echo 'Signed in.'

step 3 'Mina charges 10,000 won. The key makes the call safe to repeat.'
call POST /v1/users/me/charges "$mina" '{"amount":10000}' "Idempotency-Key: charge-$run"

step 4 'The same call again: the same charge, and no second 10,000 won.'
call POST /v1/users/me/charges "$mina" '{"amount":10000}' "Idempotency-Key: charge-$run"

step 5 'Mina makes a mission for Haneul and puts in the first 3,000 won. Prefer: wait waits for the outcome.'
streamer=$(call GET /v1/users/me "$haneul" | field id)
mission=$(call POST /v1/missions "$mina" '{"streamer_id":"'$streamer'","title":"Finish the boss without a hit","stake":3000,"time_limit_seconds":3600}' \
	"Idempotency-Key: mission-$run" 'Prefer: wait=10' | tee /dev/stderr | field id)

step 6 'Mina adds 2,000 won to the pot.'
call POST "/v1/missions/$mission/bets" "$mina" '{"amount":2000}' "Idempotency-Key: bet-$run" 'Prefer: wait=10'

step 7 'Anyone sees who put in how much.'
call GET "/v1/missions/$mission/contributors" ''

step 8 'Haneul did it, and says so.'
call POST "/v1/missions/$mission/success" "$haneul"

step 9 'The pot goes to Haneul.'
for _ in $(seq 50); do
	call GET "/v1/missions/$mission" '' | grep -q '"settled_at":"' && break
	sleep 0.2
done
call GET /v1/users/me "$haneul"

step 10 'What went through the wallet of Mina, and what happened to the mission.'
call GET /v1/users/me/transactions "$mina"
call GET "/v1/missions/$mission/events" ''
echo
