package jobconf

import "testing"

// No file makes it panic, and what it reads it reads again.
func FuzzRead(f *testing.F) {
	for _, test := range readTests {
		f.Add(test.file, []byte(test.text))
	}
	f.Add("a.yaml", []byte("kind: SparkApplication\nspec:\n  image:\n  sparkConf: # none\n  driver: ~\n"))
	f.Add("a.yaml", []byte("jobDriver: {}\nconfigurationOverrides: {applicationConfiguration: , monitoringConfiguration: null}\n"))
	f.Add("a.json", []byte(`{"jobDriver": {}, "configurationOverrides": {"applicationConfiguration": null}}`))
	f.Fuzz(func(t *testing.T, file string, data []byte) {
		c, err := Read(file, data)
		if err != nil {
			return
		}
		if c.Editable() != nil {
			return
		}
		same, err := c.Apply(Change{})
		if err != nil || string(same) != string(data) {
			t.Errorf("no change gives %q, %v", same, err)
		}
		changed, err := c.Apply(Change{Add: []Setting{{"spark.new", "a b"}}})
		if err != nil {
			return // refused, with a reason
		}
		again, err := Read(file, changed)
		if err != nil || len(again.Find("spark.new")) == 0 || len(again.Properties) != len(c.Properties)+1 {
			t.Errorf("%q: %v", changed, err)
		}
		const image = "spark.kubernetes.container.image"
		if len(c.Find(image)) > 0 {
			return
		}
		c, err = Read(file, data) // what has been edited is not edited again
		if err != nil {
			t.Fatal(err)
		}
		changed, err = c.Apply(Change{Add: []Setting{{"spark.new", "a b"}}, Image: "i"})
		if err != nil {
			return
		}
		again, err = Read(file, changed)
		if err != nil || len(again.Find(image)) == 0 || len(again.Properties) != len(c.Properties)+2 {
			t.Errorf("%q: %v", changed, err)
		}
	})
}
