package secmaster

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
)

const (
	policyPage      = 100
	mostPolicyPages = 20       // so that policies never take what workflows need
	policyVersion   = "25.5.0" // of the service, as the vendor's provider names it
)

// policies counts the emergency policies that name a connection, anywhere in them: what a list of them looks like is not quite documented.
func (s *usesSearch) policies(ctx context.Context) {
	seen := map[[sha256.Size]byte]bool{}
	offset := 0
	for range mostPolicyPages {
		p, err := s.policyPage(ctx, offset)
		if err != nil {
			s.gaps(true, map[error]int{gapOf(ctx, err): 0})
			return
		}
		before := len(seen)
		for _, policy := range p.items {
			if sum := sha256.Sum256(policy); !seen[sum] {
				seen[sum] = true
				s.policy(policy)
			}
		}
		if left := p.total - len(seen); len(seen) == before && left > 0 { // the pages end, or come again
			s.gaps(true, map[error]int{ErrUnreadable: left})
			return
		} else if len(seen) == before || p.total >= 0 && left <= 0 {
			return
		}
		offset += len(p.items)
	}
	s.gaps(true, map[error]int{ErrEnough: 0})
}

func (s *usesSearch) policy(text []byte) {
	s.found.SearchedPolicies++
	for id := range s.ids.in(text) {
		s.found.Policies[id]++
	}
}

func (s *usesSearch) policyPage(ctx context.Context, offset int) (page[json.RawMessage], error) {
	a, _, err := s.r.do(ctx, call{
		op: "search emergency policies", method: http.MethodPost, url: s.base + "/policys/search", body: fmt.Appendf(nil, `{"limit":%d,"offset":%d}`, policyPage, offset),
		ration: s.ration, version: policyVersion,
	})
	if err != nil {
		return page[json.RawMessage]{}, err
	}
	p, wrong := readPage(a.body, decoder[json.RawMessage]{}, "data")
	if wrong != "" {
		return p, ErrUnreadable
	}
	return p, nil
}
