// completion: what a shell is told to complete the words of caisson; complete: what it then asks.
#include <algorithm>
#include <array>
#include <cstdio>

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/completion.h"
#include "cli/global_options.h"

namespace caisson::cli {

namespace {

// Each asks `caisson complete WORD…` (below), with the words up to the cursor, and picks what fits the last.

constexpr std::string_view kBash = R"shell(# caisson for bash: . <(caisson completion bash)
_caisson() {
  # bash cuts words where COMP_WORDBREAKS says, at = and : too: put together again.
  local rest=$COMP_LINE words=() token i
  for ((i = 0; i <= COMP_CWORD; i++)); do
    token=${COMP_WORDS[i]}
    if [[ ${#words[@]} -eq 0 || $rest == [[:space:]]* ]]; then
      words+=("$token")
    else
      words[-1]+=$token
    fi
    rest=${rest#"${rest%%[![:space:]]*}"}
    rest=${rest#"$token"}
  done
  local current=${words[-1]} option= line word
  [[ $current == --*=* ]] && option=${current%%=*}=
  # What is before the last cut stands on the line already.
  local breaks=${COMP_WORDBREAKS//[^:=]/} head=
  [[ -n $breaks ]] && head=${current%"${current##*[$breaks]}"}
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :files | :directories)
        compopt -o filenames
        local action=-f
        [[ $line == :directories ]] && action=-d
        while IFS= read -r word; do
          COMPREPLY+=("$word")
        done < <(compgen "$action" -- "${current#"$option"}")
        ;;
      *)
        word=$option${line%%$'\t'*}
        [[ $word == "$current"* ]] && COMPREPLY+=("${word#"$head"}")
        ;;
    esac
  done < <("${words[0]}" complete "${words[@]:1}" 2>/dev/null)
}
complete -F _caisson caisson
)shell";

constexpr std::string_view kZsh = R"shell(#compdef caisson
# caisson for zsh: as _caisson in a directory of $fpath, or . <(caisson completion zsh) behind compinit
_caisson() {
  local -a candidates
  local line files= with_option=0
  [[ $PREFIX == --*=* ]] && with_option=1
  for line in "${(@f)$(${(Q)words[1]} complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
    case $line in
      :files | :directories) files+=$line ;;
      ?*) candidates+=("${${line%%$'\t'*}//:/\\:}${${(M)line%$'\t'*}/$'\t'/:}") ;;
    esac
  done
  (( with_option )) && compset -P '*='
  (( $#candidates )) && _describe -t words caisson candidates
  [[ $files == *:files* ]] && _files
  [[ $files == :directories ]] && _files -/
}
if [[ $funcstack[1] == _caisson ]]; then
  _caisson "$@"
else
  compdef _caisson caisson
fi
)shell";

constexpr std::string_view kFish = R"shell(# caisson for fish: caisson completion fish | source
function __caisson_complete
    set -l tokens (commandline -opc)
    set -l current (commandline -ct)
    set -l option (string match -r -- '^--[^=]+=' $current)
    for line in ($tokens[1] complete $tokens[2..] "$current" 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path (string replace -- "$option" '' "$current") ''
            case :directories
                __fish_complete_directories (string replace -- "$option" '' "$current") ''
            case '*'
                printf '%s\n' "$option$line"
        end
    end
end
complete -c caisson -f -a '(__caisson_complete)'
)shell";

struct Shell {
  std::string_view name;
  std::string_view script;
};
constexpr std::array kShells = {Shell{"bash", kBash}, Shell{"zsh", kZsh}, Shell{"fish", kFish}};

struct NoOptions {};
const std::vector<Option<NoOptions>> kOptions;

// The verb that lists them prints them.
void print_names(const Command& command, std::string_view what) {
  std::vector<std::string> words = names_command(what);
  std::span<const Verb> among = verbs();
  while (!words.empty()) {
    const auto verb = std::ranges::find(among, std::string_view(words.front()), &Verb::name);
    if (verb == among.end()) return;
    words.erase(words.begin());
    if (verb->run == nullptr) {
      among = verb->verbs();
      continue;
    }
    Command lister = command;
    lister.verb = verb->name;
    lister.arguments = std::move(words);
    verb->run(lister);
    return;
  }
}

}  // namespace

Manual completion_manual() {
  return {"SHELL",
          "Prints what bash, zsh or fish has to be told to complete the words of caisson: its commands, their options, "
          "and the names of what there is.",
          spellings(kOptions), Order::kAnywhere,
          ". <(caisson completion bash)\n"
          "  Completes in this bash.\n"
          "caisson completion fish >~/.config/fish/completions/caisson.fish\n"
          "  Completes in every fish from now on."};
}

int verb_completion(const Command& command) {
  NoOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  const std::string wanted = parsed->operands.size() == 1 ? parsed->operands[0] : std::string();
  const auto shell = std::ranges::find(kShells, std::string_view(wanted), &Shell::name);
  if (shell == kShells.end()) return refuse(command, complaint("the name of a shell is needed: bash, zsh or fish"));
  fmt::print("{}", shell->script);
  return 0;
}

// complete WORD…: the words behind the program's name, the last that where the cursor is. Prints a line for each
// candidate, a tab and its help behind it; ":files" or ":directories" where paths may stand.
int verb_complete(const Command& command) {
  const Completion completion = complete(verbs(), overview_manual().options, command.arguments);
  for (const Candidate& candidate : completion.candidates) {
    fmt::print("{}{}{}\n", candidate.word, candidate.help.empty() ? "" : "\t", candidate.help);
  }
  std::fflush(stdout);
  if (!completion.names.empty()) {
    // Where the line's own --root says, or else this one's.
    std::vector<std::string> words = {"--root", command.places.root, "--runroot", command.places.runroot};
    words.insert(words.end(), command.arguments.begin(), command.arguments.end());
    Command as_typed = command;
    const Result<std::vector<std::string>> rest = read_global_options(words, as_typed);
    for (const std::string_view what : completion.names) print_names(rest ? as_typed : command, what);
  }
  if (completion.files) fmt::print(":files\n");
  if (completion.directories) fmt::print(":directories\n");
  return 0;
}

}  // namespace caisson::cli
