#include "templates/template.h"

#include <gtest/gtest.h>

#include "templates/printf.h"
#include "templates/value.h"

namespace caisson::templates {
namespace {

using Json = nlohmann::ordered_json;

const Json& object() {
  static const Json kObject = {
      {"Name", "web"},
      {"Empty", ""},
      {"Null", nullptr},
      {"State", {{"Pid", 7}, {"Running", true}, {"Load", 0.5}, {"Big", 18446744073709551615U}}},
      {"Args", {"sleep", "1 0"}},
      {"None", Json::array()},
      {"Numbers", {1, 2, 3}},
      {"Labels", {{"tier", "front"}, {"a.b/c", "dotted"}}},
      {"Ports", {{"80/tcp", {{{"HostIp", "127.0.0.1"}, {"HostPort", "8080"}}}}, {"53/udp", nullptr}}},
      {"Mounts", {{{"Source", "/a"}, {"RW", true}}, {{"Source", "/b"}, {"RW", false}}}}};
  return kObject;
}

Result<std::string> filled(std::string_view text) {
  const Shape shape{.maps = {"Labels", "Ports"}};
  const Method label = [](const std::string& name) -> Json { return object()["Labels"].value(name, ""); };
  const Result<Template> parsed = Template::parse(text, Escapes::kRead);
  if (!parsed) return fail(parsed.error());
  return parsed->render(object(), shape, {{"Label", label}});
}

struct Case {
  const char* text;
  const char* out;
};

void expect_all(std::initializer_list<Case> cases) {
  for (const Case& row : cases) {
    const Result<std::string> out = filled(row.text);
    EXPECT_EQ(out ? *out : "error: " + out.error().text(), row.out) << row.text;
  }
}

TEST(Template, ShowsFields) {
  expect_all({{"", ""},
              {"text", "text"},
              {"{{.Name}}", "web"},
              {"{{ .Name }}!", "web!"},
              {"{{\n.Name\t}}", "web"},
              {"{{.State.Pid}} {{.State.Running}} {{.State.Load}} {{.State.Big}}", "7 true 0.5 18446744073709551615"},
              {"{{.Args}} {{.None}} {{.Null}}", "[sleep 1 0] [] <nil>"},
              {"{{.Labels}}", "map[a.b/c:dotted tier:front]"},
              {"{{.Labels.tier}} {{.Labels.nope}}", "front <no value>"},
              {"{{.Name}}\\t{{.Empty}}\\n", "web\t\n"},
              {"} }} {", "} }} {"},
              {"{{$.Name}} {{(.State).Pid}} {{(index .Mounts 0).Source}}", "web 7 /a"},
              {"{{.Label \"tier\"}} {{\"a.b/c\" | .Label}} {{$.Label \"x\"}}.", "front dotted ."}});
}

TEST(Template, HasLiterals) {
  expect_all({{R"({{"a\tb\"\\\x41é\101"}})", "a\tb\"\\A\u00e9A"},
              {"{{`raw \\t \"`}}", "raw \\t \""},
              {"{{1}} {{-2}} {{+3}} {{0x1F}} {{0b11}} {{0o17}} {{017}} {{1_000}}", "1 -2 3 31 3 15 15 1000"},
              {"{{1.50}} {{1e3}} {{.5}} {{1e6}} {{1e-5}}", "1.5 1000 0.5 1e+06 1e-05"},
              {"{{'a'}} {{'\\n'}} {{'é'}} {{'\\''}}", "97 10 233 39"},
              {"{{true}} {{false}} {{printf \"%v\" nil}}", "true false <nil>"}});
}

TEST(Template, TrimsAndLeavesOutComments) {
  expect_all({{"a  {{- .Name}}  b", "aweb  b"},
              {"a  {{.Name -}}  \n\t b", "a  webb"},
              {"a {{- .Name -}} b", "awebb"},
              {"a {{/* what } }} it is */}} b", "a  b"},
              {"a {{- /* c */ -}} b", "ab"},
              {"{{- 3}} {{ -3}}{{-3}}", "3 -3-3"},
              {"a\\n{{- .Name -}}\\n\\tb", "awebb"}});
}

TEST(Template, Chooses) {
  expect_all(
      {{"{{if .State.Running}}up{{end}}", "up"},
       {"{{if .Empty}}a{{else}}b{{end}}", "b"},
       {"{{if .Empty}}a{{else if .None}}b{{else if .Name}}c{{else}}d{{end}}", "c"},
       {"{{if and .Name (not .Empty)}}y{{end}}{{if or .Empty .Null}}n{{end}}", "y"},
       {"{{if gt .State.Pid 5}}big{{end}} {{if le .State.Load 0.25}}idle{{else}}busy{{end}}", "big busy"},
       {"{{if eq .Name \"db\" \"web\"}}one of{{end}} {{ne .Name \"web\"}} {{lt \"a\" \"b\"}}", "one of false true"},
       {"{{with .State}}{{.Pid}} {{$.Name}}{{end}}{{with .Null}}no{{else}} none{{end}}", "7 web none"},
       {"{{with .Null}}a{{else with .Name}}{{.}}{{end}}", "web"},
       {"{{with $x := .State.Pid}}{{$x}}{{.}}{{end}}", "77"},
       {"{{and 1 0 .Nope}} {{or 0 \"\" 3 .Nope}} {{and 1 2}} {{1 | or 0}}", "0 3 2 1"},
       {"{{eq nil .Null}} {{eq .Null nil}} {{eq .Name nil}}", "true true false"}});
}

TEST(Template, GoesThroughLists) {
  expect_all({{"{{range .Args}}[{{.}}]{{end}}", "[sleep][1 0]"},
              {"{{range $v := .Numbers}}{{$v}}{{end}}", "123"},
              {"{{range $i, $v := .Numbers}}{{if $i}}, {{end}}{{$i}}={{$v}}{{end}}", "0=1, 1=2, 2=3"},
              {"{{range $k, $v := .Labels}}{{$k}}={{$v}};{{end}}", "a.b/c=dotted;tier=front;"},
              {"{{range .None}}a{{else}}none of {{.Name}}{{end}}", "none of web"},
              {"{{range .Mounts}}{{if .RW}}{{.Source}}{{end}}{{end}}", "/a"},
              {"{{range .Numbers}}{{if eq . 2}}{{continue}}{{end}}{{.}}{{end}}", "13"},
              {"{{range .Numbers}}{{if eq . 2}}{{break}}{{end}}{{.}}{{end}}{{.Name}}", "1web"},
              {"{{range 3}}{{.}}{{end}}", "012"},
              {"{{range $p, $c := .Ports}}{{$p}}{{range $c}} -> {{.HostIp}}:{{.HostPort}}{{end}};{{end}}",
               "53/udp;80/tcp -> 127.0.0.1:8080;"},
              {"{{(index (index .Ports \"80/tcp\") 0).HostPort}}", "8080"}});
}

TEST(Template, HasVariables) {
  expect_all({{"{{$x := .Name}}{{$x}}", "web"},
              {"{{$x := 1}}{{range .Numbers}}{{$x = .}}{{end}}{{$x}}", "3"},
              {"{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}", "21"},
              {"{{$s := .State}}{{$s.Pid}}", "7"},
              {"{{$_a1 := 1}}{{$_a1}}", "1"}});
}

TEST(Template, CallsFunctions) {
  expect_all({{"{{json .State}}", R"({"Pid":7,"Running":true,"Load":0.5,"Big":18446744073709551615})"},
              {"{{json .Name}} {{.Args | json}} {{json .Null}}", R"("web" ["sleep","1 0"] null)"},
              {"{{join .Args \"+\"}} {{join .None \",\"}}{{join (split \"a:b:c\" \":\") \"/\"}}", "sleep+1 0 a/b/c"},
              {"{{split \"a,b,\" \",\"}} {{split \"h\u00e9\" \"\"}}", "[a b ] [h \u00e9]"},
              {"{{upper .Name}} {{lower \"ABC\"}} {{title \"a web-site x_y o'n\"}}", "WEB abc A Web-Site X_y O'N"},
              {"{{len .Name}} {{len .Args}} {{len .Labels}} {{.Args | len}}", "3 2 2 2"},
              {"{{index .Args 1}} {{index .Labels \"tier\"}} {{index .Labels \"no\"}}. {{index .Mounts 1 \"Source\"}}",
               "1 0 front . /b"},
              {"{{slice .Name 1}} {{slice .Name 0 2}} {{slice .Numbers 1}} {{slice .Numbers 1 2}}", "eb we [2 3] [2]"},
              {"{{println \"a\" 1}}{{print 1 2 \"x\" 3 4}}", "a 1\n1 2x3 4"},
              {"{{pad .Name 1 2}}| {{truncate .Name 2}} {{truncate .Name 9}}", " web  | we web"},
              {"{{html \"<a href='x'>&\"}} {{urlquery \"a b/c\"}}", "&lt;a href=&#39;x&#39;&gt;&amp; a+b%2Fc"},
              {"{{.Name | printf \"%s-%s\" \"x\" | upper}}", "X-WEB"},
              {"{{not true}} {{not .Empty}}", "false true"}});
}

TEST(Template, PrintsAsGo) {
  expect_all(
      {{"{{printf \"%s|%5s|%-5s|%.2s|%q|%v\" .Name .Name .Name .Name .Name .Name}}", "web|  web|web  |we|\"web\"|web"},
       {"{{printf \"%d|%4d|%-4d|%04d|%+d|%x|%X|%#x|%o|%b|%c|%U\" 7 7 7 7 7 255 255 255 8 5 65 65}}",
        "7|   7|7   |0007|+7|ff|FF|0xff|10|101|A|U+0041"},
       {"{{printf \"%04d|%x|%.3d\" -7 -255 7}}", "-007|-ff|007"},
       {"{{printf \"%f|%.1f|%6.2f|%e|%g|%v\" 1.5 1.25 1.5 1500.0 1.5 1.5}}",
        "1.500000|1.2|  1.50|1.500000e+03|1.5|1.5"},
       {"{{printf \"%t|%v|%s\" true true .Args}}", "true|true|[sleep 1 0]"},
       {"{{printf \"%q %d %v\" .Args .Numbers .Labels}}", "[\"sleep\" \"1 0\"] [1 2 3] map[a.b/c:dotted tier:front]"},
       {"{{printf \"%d\" \"web\"}} {{printf \"%s\" 7}} {{printf \"%z\" 7}}", "%!d(string=web) %!s(int=7) %!z(int=7)"},
       {"{{printf \"%d %d\" 1}} {{printf \"%d\" 1 \"x\" 2}} {{printf \"%\"}} {{printf \"100%%\"}}",
        "1 %!d(MISSING) 1%!(EXTRA string=x, int=2) %!(NOVERB) 100%"},
       {"{{printf \"%*d|%-*d|\" 4 7 4 7}}", "   7|7   |"},
       {"{{printf \"%T %T %T %x\" 1 \"a\" true \"hi\"}}", "int string bool 6869"},
       {"{{printf \"%5t|%s|%6.2s|\" true nil \"h\u00e9llo\"}}", " true|%!s(<nil>)|    h\u00e9|"}});
}

struct WrongCase {
  const char* text;
  const char* message;
};

TEST(Template, NamesWhatIsWrongAndWhere) {
  const WrongCase cases[] = {
      {"{{.Nope}}", "column 3: there is no field '.Nope'"},
      {"{{.State.pid}}", "column 3: there is no field '.State.pid'"},
      {"é {{.Nope}}", "column 5: there is no field '.Nope'"},
      {"{{.Name.X}}", "column 3: '.Name' is text: there is no field '.X' in it"},
      {"{{.Null.X}}", "column 3: '.Null' is nothing: there is no field '.X' in it"},
      {"{{range .Args}}{{.X}}{{end}}", "column 18: '.' is text: there is no field '.X' in it"},
      {"{{(index .Mounts 0).X}}", "column 3: there is no field '(…).X'"},
      {"{{.Name", "column 1: '{{' without '}}'"},
      {"{{}}", "column 3: a value is missing"},
      {"{{.Name | }}", "column 11: a value is missing"},
      {"{{nope .Name}}", "column 3: there is no function 'nope'"},
      {"{{$x}}", "column 3: there is no variable '$x'"},
      {"{{$x = 1}}", "column 8: there is no variable '$x'"},
      {"{{if true}}{{$x := 1}}{{end}}{{$x}}", "column 32: there is no variable '$x'"},
      {"{{$x, $y := .Args}}", "column 10: too many variables"},
      {"{{$ := 1}}", "column 3: '$' is what the template is of, and stays that"},
      {"{{if .Name}}", "column 3: {{if}} without {{end}}"},
      {"{{if .Name}}{{else}}", "column 3: {{else}} without {{end}}"},
      {"{{if .Name}}{{else}}{{else}}{{end}}", "column 23: a second {{else}}"},
      {"{{end}}", "column 3: {{end}} of nothing"},
      {"{{else}}", "column 3: {{else}} of nothing"},
      {"{{if}}a{{end}}", "column 5: a value is missing"},
      {"{{end if}}", "column 3: {{end}} of nothing"},
      {"{{if .Name}}{{end .Name}}", "column 19: '.Name' where the end of end is expected"},
      {"{{break}}", "column 3: {{break}} outside of {{range}}"},
      {"{{define \"x\"}}{{end}}", "column 3: 'define' is not there: a format is one template"},
      {"{{range}}{{end}}", "column 8: a value is missing"},
      {"{{range .State.Pid.X}}{{end}}", "column 9: '.State.Pid' is a number: there is no field '.X' in it"},
      {"{{range .Name}}{{end}}", "column 3: range over text"},
      {"{{(.Name}}", "column 9: ')' is missing"},
      {"{{.Name)}}", "column 8: ')' where the end of the action is expected"},
      {"{{\"a}}", "column 3: the string does not end"},
      {"{{`a}}", "column 3: the string does not end"},
      {"{{'ab'}}", "column 3: not one character in quotes"},
      {"{{\"\\q\"}}", "column 4: an escape that is none in Go"},
      {"{{1x}}", "column 3: '1x' is no number"},
      {"{{.Name ; .Name}}", "column 9: ';' has no meaning here"},
      {"{{\"a\"\"b\"}}", "column 6: a space is missing before '\"b\"'"},
      {"{{/* a }}", "column 3: the comment does not end"},
      {"{{/* a */ .Name}}", "column 10: a comment is alone in its action: {{/* … */}}"},
      {"{{len 3}}", "column 3: len: a number has no length"},
      {"{{len}}", "column 3: len: it takes 1 argument, not 0"},
      {"{{slice .Name 1 2 3 4}}", "column 3: slice: it takes 1 to 4 arguments, not 5"},
      {"{{index .Args 2}}", "column 3: index: the index 2 is out of range: there are 2"},
      {"{{index .Args -1}}", "column 3: index: the index -1 is out of range: there are 2"},
      {"{{eq .Name 3}}", "column 3: eq: text and a number cannot be compared"},
      {"{{lt .Args .Args}}", "column 3: lt: a list and a list have no order"},
      {"{{.Args | join \",\"}}", "column 11: join: text where a list is expected: {{join .List \", \"}}"},
      {"{{.Name \"x\"}}", "column 3: '.Name' takes no arguments"},
      {"{{.Name | \"x\"}}", "column 11: '\"x\"' behind '|' is no function"},
      {"{{nil}}", "column 3: nil is nothing to be shown"},
      {"{{range 10000}}{{range 10000}}{{end}}{{end}}", "column 18: the template does too much"},
  };
  for (const WrongCase& row : cases) {
    const Result<std::string> out = filled(row.text);
    EXPECT_EQ(out ? "no error: " + *out : out.error().text(), row.message) << row.text;
  }
  EXPECT_EQ(filled("{{.Nme}}").error().hint, "did you mean '.Name'?");
  EXPECT_EQ(filled("{{uper .Name}}").error().hint, "did you mean 'upper'?");
}

TEST(Template, IsBounded) {
  std::string deep;
  for (int i = 0; i < 5000; ++i) deep += "(";
  EXPECT_EQ(filled("{{" + deep + "1").error().text(), "column 1: '{{' without '}}'");
  EXPECT_EQ(filled("{{" + deep + "}}").error().text(), "column 103: nested too deeply");
  std::string blocks;
  for (int i = 0; i < 5000; ++i) blocks += "{{if 1}}";
  EXPECT_NE(filled(blocks).error().text().find("nested too deeply"), std::string::npos);
  EXPECT_NE(filled("{{range 20000}}{{printf \"%1000d\" .}}{{end}}").error().text().find("longer than 16 MiB"),
            std::string::npos);
}

TEST(Template, LeavesTextAsItIsWhereAskedTo) {
  EXPECT_EQ(Template::parse("a\\tb{{.Name}}", Escapes::kAsTheyAre)->render(object(), {}).value_or(""), "a\\tbweb");
}

TEST(Template, KnowsWhatItUsesAndItsHeadings) {
  const Result<Template> parsed = Template::parse(
      "{{.Name}}\t{{if .State}}{{json .Args}}{{end}}\t{{range .Mounts}}{{.Source}}{{end}} {{upper \"x\"}}",
      Escapes::kRead);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->heading([](const std::string& field) { return "<" + field + ">"; }), "<Name>\t<Args>\t<Mounts> ");
  EXPECT_TRUE(parsed->uses("State"));
  EXPECT_TRUE(parsed->uses("Mounts"));
  EXPECT_FALSE(parsed->uses("Labels"));
  EXPECT_TRUE(Template::parse("{{json .}}", Escapes::kRead)->uses("Labels"));
  EXPECT_TRUE(Template::parse("{{with $}}{{end}}", Escapes::kRead)->uses("Labels"));
}

TEST(GoQuoted, EscapesAsGo) { EXPECT_EQ(go_quoted("a\"b\\c\n\x01\xff\u00e9"), "\"a\\\"b\\\\c\\n\\x01\\xff\u00e9\""); }

}  // namespace
}  // namespace caisson::templates
