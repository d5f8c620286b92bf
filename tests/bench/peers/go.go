// The peer in Go: net/http with handlers that do what Berth's do in the bench.
package main

import (
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"time"
)

const text = "hello, world\n"

func answer(w http.ResponseWriter, body []byte) {
	w.Header().Set("Content-Type", "text/plain")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Write(body)
}

func hello(w http.ResponseWriter, r *http.Request) { answer(w, []byte(text)) }

func sleep(d time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(d)
		hello(w, r)
	}
}

func rare(d time.Duration) http.HandlerFunc {
	var calls atomic.Uint32
	return func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1)%100 == 0 {
			time.Sleep(d)
		}
		hello(w, r)
	}
}

func main() {
	big := make([]byte, 1<<20)
	mux := http.NewServeMux()
	mux.HandleFunc("/hello/", hello)
	mux.HandleFunc("/big", func(w http.ResponseWriter, r *http.Request) { answer(w, big) })
	mux.Handle("/files/", http.StripPrefix("/files/", http.FileServer(http.Dir(os.Args[2]))))
	mux.HandleFunc("/page", func(w http.ResponseWriter, r *http.Request) { answer(w, big[:64<<10]) })
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			answer(w, body)
		}
	})
	mux.HandleFunc("/sleep/10ms", sleep(10*time.Millisecond))
	mux.HandleFunc("/sleep/300us", sleep(300*time.Microsecond))
	mux.HandleFunc("/rare/10ms", rare(10*time.Millisecond))
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], mux))
}
