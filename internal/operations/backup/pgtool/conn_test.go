package pgtool

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestPasswordsStayOffTheCommandLine: both spellings of a connection string lose the password, and settings that
// libpq refuses; the password goes into the environment of the program alone.
func TestPasswordsStayOffTheCommandLine(t *testing.T) {
	for dsn, want := range map[string]string{
		"postgres://rep:s3cret%20x@db.example:5433/records?sslmode=verify-full&pool_max_conns=4": "host='db.example' port='5433' user='rep' sslmode='verify-full'",
		"host=db.example port=5433 user=rep password='s3cret x' dbname=records":                  "host='db.example' port='5433' user='rep'",
		`user='o\'neil' host = a  password=s3cret\ x host=b`:                                     `user='o\'neil' host='b'`,
	} {
		c, err := ParseConn(dsn)
		if err != nil || c.words != want || c.password != "s3cret x" {
			t.Errorf("%s: %q %q %v", dsn, c.words, c.password, err)
		}
		env := c.env([]string{"PATH=/bin", "RAKUDOS_DATA=x", "SECRET=y", "PGPASSWORD=old", "HOME=/h"})
		if !slices.Contains(env, "PGPASSWORD=s3cret x") || strings.Contains(strings.Join(env, " "), "SECRET") || strings.Contains(strings.Join(env, " "), "old") {
			t.Errorf("%v", env)
		}
	}
	for _, bad := range []string{"host", "=x", "password='open", "a b=c", "postgres://%zz:secret@h/d"} {
		if _, err := ParseConn(bad); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// TestWordsAreReadAsWritten: whatever stands in a value comes through quoting.
func TestWordsAreReadAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		host, user := rapid.String().Draw(t, "host"), rapid.String().Draw(t, "user")
		c, err := ParseConn("host='" + quoteWord(host) + "' user='" + quoteWord(user) + "' password='" + quoteWord(user+"!") + "'")
		if err != nil || c.password != user+"!" {
			t.Fatalf("%q %v", c.password, err)
		}
		back, err := fromWords(c.words)
		if err != nil || !slices.Equal(back, [][2]string{{"host", host}, {"user", user}}) {
			t.Fatalf("%q %v", back, err)
		}
	})
}
