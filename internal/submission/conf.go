package submission

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"rolechain/internal/shell"
)

// A Property is one of an existing configuration.
type Property struct{ Name, Value string }

// ReadConf finds the properties of Spark in an existing configuration: a spark-defaults.conf, a script with --conf
// arguments, the sparkConf and hadoopConf of a SparkApplication, or JSON of EMR's (the input of start-job-run, its
// configuration overrides, a list of classifications, or properties alone). Of a name that is there twice each is in the list.
func ReadConf(data []byte) ([]Property, error) {
	text := bytes.TrimSpace(data)
	if len(text) > 0 && (text[0] == '{' || text[0] == '[') {
		var value any
		if err := json.Unmarshal(text, &value); err != nil {
			return nil, fmt.Errorf("reading it as JSON: %w", err)
		}
		return fromJSON(value), nil
	}
	list := arguments(string(text))
	if len(list) == 0 {
		list = lines(string(text))
	}
	if len(list) == 0 && len(text) > 0 {
		return nil, errors.New(`there is no property in it whose name begins with "spark."`)
	}
	return list, nil
}

// fromJSON walks through all of a value, since EMR's JSON has properties at several depths.
func fromJSON(value any) []Property {
	var list []Property
	switch v := value.(type) {
	case map[string]any:
		for name, inner := range v {
			text, isText := inner.(string)
			switch {
			case isText && name == "sparkSubmitParameters":
				list = append(list, arguments(text)...)
			case isText && strings.HasPrefix(name, "spark."):
				list = append(list, Property{name, text})
			case isText && strings.HasPrefix(name, "fs.s3"): // core-site and emrfs-site
				list = append(list, Property{"spark.hadoop." + name, text})
			default:
				list = append(list, fromJSON(inner)...)
			}
		}
	case []any:
		for _, inner := range v {
			list = append(list, fromJSON(inner)...)
		}
	}
	slices.SortFunc(list, func(a, b Property) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// arguments finds --conf NAME=VALUE, -c NAME=VALUE and --conf=NAME=VALUE among shell words.
func arguments(text string) []Property {
	var list []Property
	words := shell.Split(text)
	for i, w := range words {
		setting, joined := strings.CutPrefix(w, "--conf=")
		if !joined && (w == "--conf" || w == "-c") && i+1 < len(words) {
			setting = words[i+1]
		} else if !joined {
			continue
		}
		if name, value, found := strings.Cut(setting, "="); found {
			list = append(list, Property{name, value})
		}
	}
	return list
}

// lines reads a properties file as Spark does: a name, then blanks, = or :, then the value. A mapping of YAML with its
// values on the same lines is nearly the same, but for the quotes.
func lines(text string) []Property {
	var list []Property
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		name, rest, quoted := quotedName(line)
		if !quoted {
			end := strings.IndexAny(line, " \t=:")
			if end < 0 {
				continue
			}
			name, rest = line[:end], line[end:]
		}
		if strings.HasPrefix(name, "fs.s3") { // the hadoopConf of a SparkApplication
			name = "spark.hadoop." + name
		}
		if !strings.HasPrefix(name, "spark.") {
			continue
		}
		value := strings.TrimLeft(rest, " \t")
		if value != "" && (value[0] == '=' || value[0] == ':') {
			value = value[1:]
		}
		list = append(list, Property{name, unquote(strings.TrimSpace(value))})
	}
	return list
}

// quotedName cuts a name in quotes off a line.
func quotedName(line string) (name, rest string, quoted bool) {
	if line == "" || line[0] != '"' && line[0] != '\'' {
		return "", "", false
	}
	return strings.Cut(line[1:], line[:1])
}

// unquote takes the quotes off a value that has them around all of it.
func unquote(value string) string {
	if len(value) < 2 || value[0] != value[len(value)-1] || strings.Contains(value[1:len(value)-1], value[:1]) {
		return value
	}
	if value[0] == '"' || value[0] == '\'' {
		return value[1 : len(value)-1]
	}
	return value
}
