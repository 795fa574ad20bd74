package checkup

import "testing"

// TestAdviceStandsTogether: two ears with the same finding are one word, and no title repeats the class.
func TestAdviceStandsTogether(t *testing.T) {
	got := AdviceFor(&Judgement{Items: []ItemJudgement{
		{Item: byKey["hearing_right_4000"], Letter: C}, {Item: byKey["bmi"], Letter: A},
		{Item: byKey["hearing_left_4000"], Letter: C}, {Item: byKey["vision"], Letter: D},
	}})
	if len(got) != 2 || got[0].Letter != D || got[0].Title != "視力（悪い側）" || got[1].Title != "聴力右4000Hz、聴力左4000Hz" {
		t.Fatalf("%+v", got)
	}
}
