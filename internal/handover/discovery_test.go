package handover

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"rolechain/internal/settings"
)

func TestDiscovery(t *testing.T) {
	run := filepath.Join(t.TempDir(), "new")
	d := Discovery{URL: "http://127.0.0.1:4711", Token: "t", Host: "pod", Credentials: "/home/.aws/credentials", Chain: []byte(`{"client_role":"r"}`),
		Paths: map[string]string{"default": CredentialsPath, "x": ProfilePath("x")}, Roles: map[string]string{"default": "r", "x": ""}}
	if err := d.Write(run); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(run, DiscoveryName)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	if read, err := ReadDiscovery(run); err != nil || !reflect.DeepEqual(read, d) {
		t.Errorf("%v\ngot  %+v\nwant %+v", err, read, d)
	}
}

func TestReadDiscoveryRefuses(t *testing.T) {
	run := t.TempDir()
	if _, err := ReadDiscovery(run); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	path := filepath.Join(run, DiscoveryName)
	if err := os.WriteFile(path, []byte(`{"url": "http://x", "token": "secret-token-of-th`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadDiscovery(run); err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
}

// Each delivery's own variable tells a job that has a chain, wherever its refresher's directory is, for as long as that lives.
func TestChained(t *testing.T) {
	home := t.TempDir()
	run := Beside(filepath.Join(home, ".aws"))
	lock, err := TryLock(run)
	if err != nil {
		t.Fatal(err)
	}
	d := Discovery{URL: "http://127.0.0.1:4711", Token: "t", ID: "i"}
	if err := d.Write(run); err != nil {
		t.Fatal(err)
	}
	for _, alive := range []bool{true, false} {
		if !alive {
			lock.Close()
		}
		for _, test := range []struct {
			name     string
			delivery settings.Delivery
			l        settings.Locations
			want     bool
		}{
			{"endpoint", settings.Endpoint, settings.Locations{ContainerURI: "http://127.0.0.1:4711/credentials"}, alive},
			{"the agent of Pod Identity", settings.Endpoint, settings.Locations{ContainerURI: "http://169.254.170.23/v1/credentials"}, false},
			{"file", settings.File, settings.Locations{Refresher: "i"}, alive},
			{"another refresher", settings.File, settings.Locations{Refresher: "j"}, false},
			{"none", settings.File, settings.Locations{}, false},
			{"profile", settings.Profile, settings.Locations{Refresher: "i", ContainerURI: "http://127.0.0.1:4711/credentials"}, false},
		} {
			test.l.Home = home
			got, chained := Chained(settings.Settings{ClientRole: "r", Delivery: test.delivery, Locations: test.l})
			if chained != test.want || chained && got != run {
				t.Errorf("%s: %q, %v", test.name, got, chained)
			}
		}
	}
}
