# --format: Go's templates, with podman as the oracle where the values are no matter.
load helper

# What both say of one template, which asks for nothing that only one of them has. podman mounts its store: out of sight.
theirs() { unshare --mount --propagation private podman version --format "$1" 2>/dev/null; }
ours() { caisson version --format "$1"; }

@test "templates: literals, functions and control as Go has them" {
  require_program podman
  local template different=0
  while IFS= read -r template; do
    [ "$(ours "$template")" = "$(theirs "$template")" ] && continue
    different=$((different + 1))
    echo "$template: '$(ours "$template")', and podman: '$(theirs "$template")'"
  done <<'END'
{{printf "%5d|%-5s|%q|%x|%v" 3 "a" "b\n" 255 1.5}}
{{printf "%6.2f|%06d|%+d|%t" 3.14159 42 5 true}}
{{printf "%5t|%U|%c|%o|%b|%e|%g" true 65 65 8 5 1500.0 1.5}}
{{printf "%d %s %d" "x" 3 1 2}} {{printf "%d %d" 1}} {{printf "%v" nil}}
{{printf "%q %v %s" (split "a,b" ",") (split "a,b" ",") (split "a,b" ",")}}
{{printf "%*d|%-8.3s|%X|% d|%#x" 5 1 "abcdef" 255 7 255}}
{{split "a:b" ":"}} {{split "" ","}} {{split "ab" ""}} {{join (split "a,b" ",") "-"}}
{{1e21}} {{100000.5}} {{2500000.5}} {{1e20}} {{1e-5}} {{0x10}} {{017}} {{-3}} {{1_000}} {{0b11}} {{'a'}} {{2.50}}
{{len "abc"}}{{slice "abcd" 1 3}} {{index (split "a,b" ",") 1}} {{len (split "a,b" ",")}}
{{title "hello my-world o'neill x_y"}} {{upper "ab1"}} {{lower "AB1"}}
{{print 1 2 "x" 3}} {{print "a" "b"}} {{html "<a href='x'>&\""}} {{urlquery "a b&c/d"}}
{{range $i, $e := split "a,b,c" ","}}{{$i}}{{$e}}{{else}}x{{end}}
{{range split "a,b,c" ","}}{{if eq . "b"}}{{continue}}{{end}}{{.}}{{end}}
{{range split "a,b,c" ","}}{{if eq . "b"}}{{break}}{{end}}{{.}}{{end}}
{{and 1 0}}{{or 0 "x"}}{{not 0}} {{and "a" "b"}} {{or "" 0}}
{{eq 1 2 1}}{{ne "a" "b"}}{{lt 1 2}}{{le 2 2}}{{gt "b" "a"}}{{ge 1 2}}
{{"a" | printf "%s%s" "b" | upper}} {{pad "a" 2 2}}|{{truncate "abcdef" 3}}
{{- "a" -}}  b {{- /* gone */ -}} c {{ `raw "x"` }}
{{$x := 5}}{{if gt $x 3}}{{$x}}{{else}}small{{end}}{{$x = 2}}{{$x}}
{{if false}}a{{else if 0}}b{{else if "x"}}c{{else}}d{{end}}
{{with "v"}}{{.}}{{end}}{{with ""}}a{{else}}none{{end}}{{with $y := 3}}{{$y}}{{end}}
{{json "a<b"}} {{json (split "a,b" ",")}} {{json true}}
END
  [ "$different" -eq 0 ]
}

@test "templates: what podman refuses is refused, in one line that names the column" {
  require_program podman
  local template
  while IFS= read -r template; do
    run ! theirs "$template"
    run -125 ours "$template"
    [[ "${lines[0]}" =~ ^"caisson: error: version: --format: column "[0-9]+: ]] || { echo "$template: $output" && false; }
  done <<'END'
{{nil}}
{{.Nope}}
{{.Client.Version.X}}
{{if true}}
{{end}}
{{$x}}
{{nope 1}}
{{eq 1 "a"}}
{{len 3}}
{{index (split "a" ",") 3}}
{{"a}}
{{range "text"}}{{end}}
{{break}}
END
}

@test "templates: tables have headings, also of nothing" {
  run -0 caisson ps --format 'table {{.ID}}\t{{.CreatedAt}}\t{{upper .Names}}'
  [[ "$output" =~ ^"CONTAINER ID  CREATED AT  NAMES"$ ]]
  run -0 caisson images --format 'table {{.Repository}}:{{.Tag}}'
  [ "$output" = REPOSITORY:TAG ]
}

@test "templates: version, as a line, as JSON, by a template" {
  run -0 caisson version
  [[ "$output" = "caisson version "* ]]
  [ "$(caisson version -f '{{.Client.Version}}')" = "${output##* }" ]
  caisson version --format json | python3 -B -c 'import json, sys; assert json.load(sys.stdin)["Client"]["Os"] == "linux"'
}
