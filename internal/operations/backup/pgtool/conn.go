package pgtool

import (
	"errors"
	"net/url"
	"slices"
	"strings"
)

// Conn is how a program reaches the server: a connection string without the password, and the password for
// the program's environment, where other users of the host do not see it.
type Conn struct {
	words    string
	password string
}

var errConn = errors.New("pgtool: not a connection string")

// ParseConn takes both spellings of libpq: postgres://… and name=value words.
func ParseConn(dsn string) (Conn, error) {
	var pairs [][2]string
	var err error
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		pairs, err = fromURL(dsn)
	} else {
		pairs, err = fromWords(dsn)
	}
	if err != nil {
		return Conn{}, err
	}
	var c Conn
	var words []string
	for _, p := range pairs {
		switch {
		case p[0] == "password":
			c.password = p[1]
		case slices.Contains(ours, p[0]): // settings of our own driver, which libpq refuses
		default:
			words = append(words, p[0]+"='"+strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(p[1])+"'")
		}
	}
	c.words = strings.Join(words, " ")
	return c, nil
}

// ours are words of the Go driver and of sessions; the database's name means nothing to a replication.
var ours = []string{"dbname", "search_path", "timezone", "default_query_exec_mode", "statement_cache_capacity", "description_cache_capacity", "pool_max_conns"}

// env is the environment of a program: nothing of ours but where programs and locales are.
func (c Conn) env(own []string) []string {
	out := []string{"LC_ALL=C", "PGAPPNAME=rakudos", "PGCONNECT_TIMEOUT=10"}
	for _, kv := range own {
		name, _, _ := strings.Cut(kv, "=")
		if slices.Contains([]string{"PATH", "HOME", "TMPDIR", "PGPASSFILE", "PGSSLROOTCERT"}, name) {
			out = append(out, kv)
		}
	}
	if c.password != "" {
		out = append(out, "PGPASSWORD="+c.password)
	}
	return out
}

func fromURL(dsn string) (out [][2]string, err error) {
	u, err := url.Parse(dsn)
	if err != nil {
		return nil, errConn // the error would name the password
	}
	add := func(k, v string) {
		if v != "" {
			out = append(out, [2]string{k, v})
		}
	}
	add("host", u.Hostname())
	add("port", u.Port())
	add("user", u.User.Username())
	password, _ := u.User.Password()
	add("password", password)
	add("dbname", strings.TrimPrefix(u.Path, "/"))
	for k, v := range u.Query() {
		add(k, v[len(v)-1])
	}
	return out, nil
}

// fromWords reads name=value pairs; a value may stand in single quotes, with \ before ' and \. The last pair
// of a name wins, as libpq has it.
func fromWords(s string) (out [][2]string, err error) {
	for {
		s = strings.TrimLeft(s, " \t\n")
		if s == "" {
			return out, nil
		}
		name, rest, ok := strings.Cut(s, "=")
		name = strings.TrimSpace(name)
		if !ok || name == "" || strings.ContainsAny(name, " \t\n'") {
			return nil, errConn
		}
		value, left, err := wordValue(strings.TrimLeft(rest, " \t\n"))
		if err != nil {
			return nil, err
		}
		out = slices.DeleteFunc(out, func(p [2]string) bool { return p[0] == name })
		out, s = append(out, [2]string{name, value}), left
	}
}

func wordValue(s string) (value, rest string, err error) {
	quote := strings.HasPrefix(s, "'")
	if quote {
		s = s[1:]
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case quote && c == '\'':
			return b.String(), s[i+1:], nil
		case !quote && (c == ' ' || c == '\t' || c == '\n'):
			return b.String(), s[i:], nil
		default:
			b.WriteByte(c)
		}
	}
	if quote {
		return "", "", errConn
	}
	return b.String(), "", nil
}
