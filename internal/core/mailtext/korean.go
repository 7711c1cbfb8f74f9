package mailtext

import (
	"fmt"
	"strings"

	"example.com/missionpot/internal/core/ledger"
)

func korean(results []Result) draft {
	r := results[0]
	d := draft{
		locale:   Korean,
		subject:  "[미션팟] " + koreanHeadings[r.Ending],
		greeting: r.DisplayName + "님, 안녕하세요.",
		lines:    []string{koreanEnding(r), koreanCash(r)},
		closing:  "미션팟 드림",
	}
	if len(results) > 1 {
		d.subject = fmt.Sprintf("[미션팟] 미션 %d개가 끝났습니다", len(results))
		d.lines = nil
		for _, r := range results {
			d.lines = append(d.lines, koreanEnding(r)+" "+koreanCash(r))
		}
	}
	return d
}

var koreanHeadings = map[ledger.Ending]string{
	ledger.Succeeded: "미션 성공",
	ledger.Failed:    "미션 실패",
	ledger.Expired:   "시간 종료",
	ledger.Rejected:  "미션 거절",
	ledger.Unfunded:  "미션 취소",
	ledger.Withdrawn: "미션 철회",
}

var koreanRoles = map[Role]string{
	Contributor: "후원하신",
	Creator:     "만드신",
	Streamer:    "신청받으신",
}

func koreanEnding(r Result) string {
	mission := fmt.Sprintf("%s 「%s」 미션", koreanRoles[r.Role], r.Title)
	switch r.Ending {
	case ledger.Succeeded:
		return mission + "이 성공했습니다!"
	case ledger.Failed:
		return mission + "이 실패했습니다."
	case ledger.Expired:
		return mission + "이 정해진 시간 안에 끝나지 않았습니다."
	case ledger.Rejected:
		return mission + "이 받아들여지지 않았습니다."
	case ledger.Withdrawn:
		if r.Role == Creator {
			return mission + "을 요청하신 대로 철회했습니다."
		}
		return mission + "을 만든 분이 철회했습니다."
	default:
		return mission + "이 첫 후원금이 모자라 열리지 못했습니다."
	}
}

func koreanCash(r Result) string {
	amount, pot := koreanWon(r.Amount), koreanWon(r.Pot)
	switch {
	case r.Ending.Pays() && r.Role == Streamer:
		return fmt.Sprintf("모인 %s이 모두 지갑에 들어왔습니다.", amount)
	case r.Ending.Pays() && r.Amount == 0 && r.Late > 0:
		return fmt.Sprintf("보내 주신 %s은 판정 뒤에 도착하여 지갑으로 돌려드렸습니다.", koreanWon(r.Late))
	case r.Ending.Pays() && r.Late > 0:
		return fmt.Sprintf("보내 주신 %s이 스트리머에게 전달되었습니다. 모두 %s이 모였습니다. 판정 뒤에 도착한 %s은 지갑으로 돌려드렸습니다.", amount, pot, koreanWon(r.Late))
	case r.Ending.Pays():
		return fmt.Sprintf("보내 주신 %s이 스트리머에게 전달되었습니다. 모두 %s이 모였습니다.", amount, pot)
	case r.Pot == 0:
		return "오간 금액은 없습니다."
	case r.Role == Streamer:
		return fmt.Sprintf("모인 %s은 후원하신 분들께 모두 돌려드렸습니다.", pot)
	default:
		return fmt.Sprintf("보내 주신 %s을 지갑으로 모두 돌려드렸습니다.", amount)
	}
}

func koreanWon(w ledger.Won) string { return strings.TrimSuffix(w.String(), " won") + "원" }

func koreanReset(r Reset) draft {
	return draft{
		locale:   Korean,
		subject:  "[미션팟] 비밀번호를 다시 정하기 위한 코드",
		greeting: "안녕하세요.",
		lines: []string{
			"비밀번호를 다시 정하기 위한 코드입니다.",
			r.Code,
			fmt.Sprintf("이 코드는 %.0f분 동안, 한 번만 쓸 수 있습니다. 미션팟은 이 코드를 절대로 여쭤보지 않습니다.", r.Valid.Minutes()),
			"직접 요청하신 것이 아니라면 아무것도 하지 않으셔도 됩니다. 비밀번호는 그대로입니다.",
		},
		closing: "미션팟 드림",
	}
}
