package endpoint

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"rolechain/internal/refresh"
)

// BenchmarkEndpoint compares the endpoint, with a refresher behind it, with the least that net/http can do: a handler
// that writes the same body, without a question asked. The client is a connection of bytes, so that its own work does
// not hide the difference. In "ratio" each request to one is followed by one to the other, which evens out whatever else
// the machine does; the number is bare over endpoint, 1 being as fast as the bare one.
func BenchmarkEndpoint(b *testing.B) {
	one := session(1)
	k := refresh.New(refresh.Options{Session: one})
	body := newAnswer(one).body
	length := strconv.Itoa(len(body))
	bare := dialed(b, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", length)
		_, _ = w.Write(body)
	}))
	ours := dialed(b, Handler(benchToken, paths(k, k), nil))

	b.Run("bare", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			bare(b)
		}
	})
	b.Run("endpoint", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ours(b)
		}
	})
	b.Run("ratio", func(b *testing.B) {
		var tookBare, tookOurs time.Duration
		for b.Loop() {
			began := time.Now()
			bare(b)
			between := time.Now()
			ours(b)
			tookBare += between.Sub(began)
			tookOurs += time.Since(between)
		}
		b.ReportMetric(float64(tookBare)/float64(tookOurs), "ratio")
	})
}

const benchToken = "benchmark"

// dialed serves h as Serve does and returns a function that makes one request on a connection that is kept.
func dialed(b *testing.B, h http.Handler) func(b *testing.B) {
	b.Helper()
	r := runHandler(b, benchToken, h, defaults)
	c, err := net.Dial("tcp", r.address)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close() })
	request := []byte("GET /credentials HTTP/1.1\r\nHost: " + r.address + "\r\nUser-Agent: Botocore/1.43\r\nAccept: application/json\r\nAuthorization: " + benchToken + "\r\n\r\n")
	in := bufio.NewReader(c)
	return func(b *testing.B) {
		if _, err := c.Write(request); err != nil {
			b.Fatal(err)
		}
		length := 0
		for {
			line, err := in.ReadSlice('\n')
			if err != nil {
				b.Fatal(err)
			}
			if text := string(line); strings.HasPrefix(text, "Content-Length: ") {
				length, _ = strconv.Atoi(strings.TrimSpace(text[len("Content-Length: "):]))
			} else if text == "\r\n" {
				break
			}
		}
		if n, err := in.Discard(length); err != nil || n < 100 {
			b.Fatalf("%d bytes: %v", n, err)
		}
	}
}

// BenchmarkHandler is what the handler alone costs, without net/http.
func BenchmarkHandler(b *testing.B) {
	k := refresh.New(refresh.Options{Session: session(1)})
	h := Handler(benchToken, paths(k, nil), nil)
	ctx := context.WithValue(b.Context(), http.LocalAddrContextKey, address80)
	q, err := http.NewRequestWithContext(ctx, "GET", "/credentials", nil)
	if err != nil {
		b.Fatal(err)
	}
	q.Host = "127.0.0.1:80"
	q.Header.Set("Authorization", benchToken)
	w := nowhere{header: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(w, q)
	}
}

type nowhere struct {
	io.Writer
	header http.Header
}

func (w nowhere) Header() http.Header       { return w.header }
func (nowhere) WriteHeader(int)             {}
func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
