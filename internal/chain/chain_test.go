package chain

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"rolechain/internal/settings"
	"rolechain/internal/ststest"
)

func TestTwoHopsOverTCP(t *testing.T) {
	p := overTCP(t, roles(), nil)
	s := p.client()
	known, _ := p.sts.Lookup(s.AccessKeyID)
	if s.Role != clientRole || known.RoleARN != clientRole || known.Depth != 2 || known.Subject != subject || known.Name != "pod-1" ||
		!s.Expires.Equal(known.Expires) || s.SecretAccessKey == "" || s.SessionToken == "" {
		t.Errorf("got %v, the server has %+v", s, known)
	}
	p.wantCalls("web job-execution-role ok", "assume client-role ok")
	for _, entry := range p.sts.Journal() {
		if entry.DurationSeconds != "3600" || entry.ExternalID || entry.SessionPolicy || entry.SourceIdentity != "" || len(entry.Tags) > 0 {
			t.Errorf("sent what was not asked for: %+v", entry)
		}
	}
	base, err := p.chain.Base(t.Context())
	if err != nil || base.Role != jobRole || base.AccessKeyID != p.sts.Journal()[0].IssuedKeyID {
		t.Errorf("Base = %v, %v", base, err)
	}
	p.wantCalls("web job-execution-role ok", "assume client-role ok")
}

// The options go on the last hop only, all of them, through a chain of three.
func TestOptions(t *testing.T) {
	config := roles()
	config.Roles[0].MayAssume = append(config.Roles[0].MayAssume, middleRole)
	config.Roles[2].ExternalID = "the-external-id"
	p := inMemory(t, config, func(s *Spec) {
		s.Via = []Hop{{Role: middleRole}}
		s.Options.ExternalID, s.Options.SourceIdentity = "the-external-id", "alice"
		s.Options.Tags, s.Options.TransitiveTags = map[string]string{"team": "data", "cost": "7"}, []string{"team"}
		s.Options.Policy, s.Options.PolicyARNs = `{"Version":"2012-10-17"}`, []string{"arn:aws:iam::aws:policy/ReadOnlyAccess"}
		s.Options.Duration = 20 * time.Minute
	})
	s := p.client()
	p.wantCalls("web job-execution-role ok", "assume middle-role ok", "assume client-role ok")
	journal := p.sts.Journal()
	for _, entry := range journal[:2] {
		if entry.DurationSeconds != "3600" || entry.ExternalID || entry.SessionPolicy || entry.SourceIdentity != "" || len(entry.Tags) > 0 {
			t.Errorf("an earlier hop carried options: %+v", entry)
		}
	}
	last := journal[2]
	if last.DurationSeconds != "1200" || !last.ExternalID || !last.SessionPolicy || last.SourceIdentity != "alice" ||
		!maps.Equal(last.Tags, p.spec.Options.Tags) || !slices.Equal(last.TransitiveTags, p.spec.Options.TransitiveTags) || last.Depth != 3 {
		t.Errorf("the last hop carried %+v", last)
	}
	if left := s.Left(); left > 20*time.Minute || left < 19*time.Minute {
		t.Errorf("a session of 20 min has %v left", left)
	}
	for _, entry := range journal {
		if entry.SessionName != "pod-1" {
			t.Errorf("session name %q", entry.SessionName)
		}
	}
}

// One AssumeRoleWithWebIdentity serves several roles at the end, each with its own options, as have those on the way.
func TestOtherRoles(t *testing.T) {
	config := roles()
	config.Roles[0].MayAssume = append(config.Roles[0].MayAssume, middleRole)
	for i := range config.Roles {
		config.Roles[i].TrustedBy = []string{jobRole, middleRole}
		config.Roles[i].MayAssume = []string{"*"}
		config.Roles[i].MayAlso, config.Roles[i].TrustAlso = []string{"sts:TagSession"}, []string{"sts:TagSession"}
	}
	p := inMemory(t, config, func(s *Spec) {
		s.Via = []Hop{{middleRole, Options{SessionName: "on-the-way", ExternalID: "middle", Tags: map[string]string{"way": "1"}}}}
		s.Options = Options{ExternalID: "client"}
		s.Profiles = map[string]Hop{
			"other": {otherRole, Options{SessionName: "another", Tags: map[string]string{"k": "v"}, Duration: 20 * time.Minute}},
			"again": {clientRole, Options{Policy: "{}"}},
		}
	})
	p.client()
	for profile, role := range map[string]string{"other": otherRole, "again": clientRole} {
		if s, err := p.chain.As(t.Context(), profile); err != nil || s.Role != role {
			t.Errorf("As %s = %v, %v", profile, s, err)
		}
	}
	journal := p.sts.Journal()
	if len(journal) != 5 {
		t.Fatalf("%d calls", len(journal))
	}
	type carried struct {
		role, name, duration string
		externalID, policy   bool
		tags                 int
	}
	got := map[carried]bool{}
	for _, e := range journal {
		got[carried{e.Role, e.SessionName, e.DurationSeconds, e.ExternalID, e.SessionPolicy, len(e.Tags)}] = true
	}
	for _, want := range []carried{
		{jobRole, "pod-1", "3600", false, false, 0}, {middleRole, "on-the-way", "3600", true, false, 1}, {clientRole, "pod-1", "3600", true, false, 0},
		{otherRole, "another", "1200", false, false, 1}, {clientRole, "pod-1", "3600", false, true, 0},
	} {
		if !got[want] {
			t.Errorf("no call %+v in %+v", want, got)
		}
	}
}

func TestSpecSurvivesJSON(t *testing.T) {
	spec := Spec{Direct: true, Via: []Hop{{Role: "v"}}, Options: Options{Tags: map[string]string{"k": "v"}, TransitiveTags: []string{"k"}, PolicyARNs: []string{"p"}, Duration: time.Hour, From: settings.Source{Mapped: "m", Env: []string{"e"}}}, FIPS: true, DualStack: true,
		Profiles: map[string]Hop{"x": {Role: "r"}},
		Proxy:    Proxy{HTTPS: "http://p", HTTP: "http://q", No: "n", Ignored: true}}
	for _, value := range []reflect.Value{reflect.ValueOf(&spec).Elem(), reflect.ValueOf(&spec.Options).Elem()} {
		for i := range value.NumField() {
			if value.Field(i).Kind() == reflect.String {
				value.Field(i).SetString(value.Type().Field(i).Name)
			}
			if value.Field(i).IsZero() {
				t.Errorf("the test leaves %s zero", value.Type().Field(i).Name)
			}
		}
	}
	data, err := json.Marshal(spec)
	var again Spec
	if err == nil {
		err = json.Unmarshal(data, &again)
	}
	if err != nil || !reflect.DeepEqual(again, spec) {
		t.Errorf("%v: %+v", err, again)
	}
}

// Where STS is asked follows from the spec alone: nothing is read from the environment.
func TestEndpoint(t *testing.T) {
	for name, value := range map[string]string{"AWS_REGION": "ap-south-1", "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9", "AWS_USE_FIPS_ENDPOINT": "true",
		"AWS_CONFIG_FILE": "/nonexistent/config", "AWS_PROFILE": "nobody", "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "x"} {
		t.Setenv(name, value)
	}
	for _, c := range []struct {
		spec        Spec
		host, scope string
	}{
		{Spec{Region: "eu-west-1"}, "sts.eu-west-1.amazonaws.com", "/eu-west-1/"},
		{Spec{}, "sts.amazonaws.com", "/us-east-1/"},
		{Spec{Region: "us-east-2", FIPS: true}, "sts-fips.us-east-2.amazonaws.com", "/us-east-2/"},
		{Spec{FIPS: true}, "sts-fips.us-east-1.amazonaws.com", "/us-east-1/"},
		{Spec{Region: "us-east-2", DualStack: true}, "sts.us-east-2.api.aws", "/us-east-2/"},
		{Spec{Region: "us-east-2", DualStack: true, FIPS: true}, "sts-fips.us-east-2.api.aws", "/us-east-2/"},
		{Spec{ClientRole: "arn:aws-cn:iam::444455556666:role/x"}, "sts.cn-north-1.amazonaws.com.cn", "/cn-north-1/"},
		{Spec{ClientRole: "arn:aws-us-gov:iam::444455556666:role/x"}, "sts.us-gov-west-1.amazonaws.com", "/us-gov-west-1/"},
		{Spec{ClientRole: "arn:aws-eusc:iam::444455556666:role/x"}, "sts.eusc-de-east-1.amazonaws.eu", "/eusc-de-east-1/"},
		{Spec{ClientRole: "arn:aws-iso:iam::444455556666:role/x"}, "sts.us-iso-east-1.c2s.ic.gov", "/us-iso-east-1/"},
		{Spec{ClientRole: "arn:aws-iso-b:iam::444455556666:role/x"}, "sts.us-isob-east-1.sc2s.sgov.gov", "/us-isob-east-1/"},
		{Spec{ClientRole: "arn:aws-iso-e:iam::444455556666:role/x"}, "sts.eu-isoe-west-1.cloud.adc-e.uk", "/eu-isoe-west-1/"},
		{Spec{ClientRole: "arn:aws-iso-f:iam::444455556666:role/x"}, "sts.us-isof-south-1.csp.hci.ic.gov", "/us-isof-south-1/"},
		{Spec{Region: "eu-west-1", STSEndpoint: "https://sts.example:8443", FIPS: true}, "sts.example:8443", "/eu-west-1/"},
	} {
		t.Run(c.host, func(t *testing.T) {
			p := inMemory(t, roles(), func(s *Spec) {
				s.Region, s.FIPS, s.DualStack, s.STSEndpoint = c.spec.Region, c.spec.FIPS, c.spec.DualStack, c.spec.STSEndpoint
			})
			if c.spec.ClientRole != "" {
				p.spec.ClientRole = c.spec.ClientRole
			}
			p.wantHosts(c.host, c.scope)
			if at, err := p.spec.Endpoint(); err != nil || at.Host != c.host || !strings.HasPrefix(p.spec.Where(), "STS at "+c.host+" (") {
				t.Errorf("Endpoint = %v, %v; Where = %q", at, err, p.spec.Where())
			}
		})
	}
}

// A session that ends sooner than it was asked for is still used, for as long as a next call needs it.
func TestShortSessions(t *testing.T) {
	config := roles()
	for i := range config.Roles {
		config.Roles[i].LifetimeSeconds = 20
	}
	inBubble(t, config, nil, func(p *pod) {
		p.client()
		time.Sleep(seconds(9))
		p.client() // 11 s are left of the first hop's
		time.Sleep(seconds(9))
		p.client() // 2 s would be
		p.wantCalls("web job-execution-role ok", "assume client-role ok", "assume client-role ok", "web job-execution-role ok", "assume client-role ok")
	})
}

// The first hop's session is used while it has 15 minutes left, so every second client session of an hour needs a new one.
func TestReuse(t *testing.T) {
	inBubble(t, roles(), nil, func(p *pod) {
		for range 5 {
			p.client() // at 0, 11, 22, 33 and 44 minutes
			time.Sleep(11 * time.Minute)
		}
		if n := slices.Index(p.calls()[1:], "web job-execution-role ok"); n >= 0 {
			t.Errorf("a new first hop at call %d", n+1)
		}
		first, err := p.chain.Base(p.Context()) // 5 minutes left: renewed
		if err != nil || first.Left() < 59*time.Minute {
			t.Errorf("Base = %v, %v", first, err)
		}
		if renewed, err := p.chain.NextBase(p.Context(), first); err != nil || renewed == first {
			t.Errorf("NextBase = %v, %v, which is to be replaced", renewed, err)
		} else {
			first = renewed
		}
		time.Sleep(40*time.Minute - time.Second)
		if again, err := p.chain.NextBase(p.Context(), Session{}); err != nil || again != first {
			t.Errorf("NextBase = %v, %v, want %v again", again, err, first)
		}
		time.Sleep(5 * time.Minute)
		if again, err := p.chain.Base(p.Context()); err != nil || again != first {
			t.Errorf("Base = %v, %v, want %v again", again, err, first)
		}
		time.Sleep(2 * time.Second)
		if renewed, err := p.chain.Base(p.Context()); err != nil || renewed == first {
			t.Errorf("Base = %v, %v, with less than 15 minutes left", renewed, err)
		}
	})
}

// Who keeps the first hop's session fresh gets one that is good for 20 minutes, though others would go on with less.
func TestNextBase(t *testing.T) {
	inBubble(t, roles(), nil, func(p *pod) {
		first, err := p.chain.Base(p.Context())
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(40*time.Minute + time.Second)
		if again, err := p.chain.Base(p.Context()); err != nil || again != first {
			t.Errorf("Base = %v, %v, want %v again", again, err, first)
		}
		if next, err := p.chain.NextBase(p.Context(), Session{}); err != nil || next == first {
			t.Errorf("NextBase = %v, %v, with less than 20 minutes left", next, err)
		}
	})
}

// Half of the attempts renew the first hop before they must, but not in its first 10 minutes; one that fails to goes on from
// what is good, whatever the failure is.
func TestEarly(t *testing.T) {
	inBubble(t, roles(), nil, func(p *pod) {
		p.chain.random = func() float64 { return 0.49 }
		p.client()
		time.Sleep(9 * time.Minute)
		p.client()
		time.Sleep(2 * time.Minute)
		p.client()
		p.wantCalls("web job-execution-role ok", "assume client-role ok", "assume client-role ok", "web job-execution-role ok", "assume client-role ok")
		p.inject(ststest.Fault{Kind: ststest.AccessDenied, Action: "AssumeRoleWithWebIdentity"})
		time.Sleep(11 * time.Minute)
		p.client()
		p.chain.random = func() float64 { return 0.5 }
		p.client()
		time.Sleep(35 * time.Minute) // 14 are left
		if e := p.refused(); e.Hop != 1 || e.Code != "AccessDenied" {
			t.Errorf("%+v", e)
		}
	})
}

// A successor goes on from the first hop that it was left, as long as that is good.
func TestHold(t *testing.T) {
	inBubble(t, roles(), nil, func(p *pod) {
		base, err := p.chain.Base(p.Context())
		if err != nil {
			t.Fatal(err)
		}
		successor := New(p.spec, p.sts.Transport())
		successor.Hold(base, time.Hour)
		if s, err := successor.Client(p.Context()); err != nil || s.Role != clientRole {
			t.Errorf("%v, %v", s, err)
		}
		p.wantCalls("web job-execution-role ok", "assume client-role ok")
		time.Sleep(46 * time.Minute)
		if again, err := successor.Base(p.Context()); err != nil || again == base {
			t.Errorf("with 14 minutes left: %v, %v", again, err)
		}
	})
}

// Roles in between are gone through in order, and reused as the first hop is.
func TestReuseVia(t *testing.T) {
	config := roles()
	for i := range config.Roles {
		config.Roles[i].MayAssume = []string{"*"}
	}
	config.Roles[3].TrustedBy, config.Roles[2].TrustedBy = []string{middleRole}, []string{otherRole}
	p := inMemory(t, config, func(s *Spec) { s.Via = []Hop{{Role: middleRole}, {Role: otherRole}} })
	p.client()
	if e := (&Error{Hop: 6, Action: "AssumeRole", Role: clientRole, Message: "x"}); e.Error() != "6th hop (AssumeRole to "+clientRole+"): x" {
		t.Error(e)
	}
	p.client()
	p.wantCalls("web job-execution-role ok", "assume middle-role ok", "assume other-role ok", "assume client-role ok", "assume client-role ok")
	// The last caller's end takes only that hop again.
	p.inject(ststest.Fault{Kind: ststest.ExpiredToken, Action: "AssumeRole", Times: 1})
	p.client()
	if got := p.calls()[5:]; !slices.Equal(got, []string{"assume client-role ExpiredToken", "assume other-role ok", "assume client-role ok"}) {
		t.Errorf("%q", got)
	}
}

// When STS refuses the caller's session, the hop before is done again within the same attempt, once.
func TestCallerEnds(t *testing.T) {
	p := inMemory(t, roles(), nil)
	p.client()
	p.inject(ststest.Fault{Kind: ststest.ExpiredToken, Action: "AssumeRole", Times: 1})
	p.client()
	p.wantCalls("web job-execution-role ok", "assume client-role ok",
		"assume client-role ExpiredToken", "web job-execution-role ok", "assume client-role ok")
	p.inject(ststest.Fault{Kind: ststest.ExpiredToken, Action: "AssumeRole"})
	if e := p.refused(); e.Kind != Transient || e.Code != "ExpiredToken" || e.Hop != 2 {
		t.Errorf("%+v", e)
	}
	if n := len(p.calls()); n != 8 {
		t.Errorf("%d calls: %q", n, p.calls())
	}
}

// An STS that has forgotten the session says so in another code.
func TestCallerUnknown(t *testing.T) {
	p := inMemory(t, roles(), nil)
	p.client()
	reborn := inMemory(t, roles(), nil)
	p.chain.sts = newSTS(p.spec, reborn.sts.Transport())
	if _, err := p.chain.Client(t.Context()); err != nil {
		t.Error(err)
	}
	reborn.wantCalls("assume client-role InvalidClientTokenId", "web job-execution-role ok", "assume client-role ok")
}

// While a new first hop cannot be had, the old session serves as long as it is valid; Base does not hide it.
func TestOldCallerServes(t *testing.T) {
	inBubble(t, roles(), nil, func(p *pod) {
		p.client()
		p.inject(ststest.Fault{Kind: ststest.IDPCommunication})
		time.Sleep(50 * time.Minute)
		p.client()
		if _, err := p.chain.Base(p.Context()); !transient(err) {
			t.Errorf("Base: %v", err)
		}
		time.Sleep(10*time.Minute - callTimeout)
		if e := p.refused(); e.Hop != 1 || e.Code != "IDPCommunicationError" {
			t.Errorf("%+v", e)
		}
		p.sts.ClearFaults()
		p.client()
	})
}

// The token is read from the file on every try: the kubelet rotates it.
func TestTokenRotation(t *testing.T) {
	p := inMemory(t, roles(), nil)
	p.write(p.spec.TokenFile, p.sts.Token(subject, ststest.WithLifetime(-time.Minute)))
	if e := p.refused(); e.Code != "ExpiredTokenException" || e.Kind != Refused {
		t.Errorf("%+v", e)
	}
	p.write(p.spec.TokenFile, p.sts.Token(subject))
	p.client()
}
