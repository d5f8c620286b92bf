# shellcheck shell=bash
# What every rule in rules/ is made of; sourced by them. A rule defines two functions and calls `rule_main "$@"`:
#   check     prints one line for each offence in the tree $root: `path:line: what is wrong`
#   examples  calls `good` and `bad` with trees that keep and break the rule
# Run as `RULE ROOT` it fails if there is an offence, as `RULE --self-test` if an example is judged wrongly:
# a rule that cannot fail is none.
set -euo pipefail
export LC_ALL=C

# Only data: inputs, the copies of abi.h that old plugins were built with, the licence. Nobody edits them for style.
readonly data='^(tests/golden/|tests/fuzz/corpus/|tests/abi/frozen/|LICENSE$)'

# ours EXPRESSION: paths, relative to $root, of the files under version control or about to be, that match it.
ours() {
  {
    if [[ -e $root/.git ]]; then
      git -c safe.directory='*' -c core.quotePath=false -C "$root" \
        ls-files --cached --others --exclude-standard
    else
      (cd "$root" && find . -type f -not -path './build/*' | sed 's,^\./,,' | sort)
    fi
  } | { grep -E -e "$1" || true; } | { grep -Ev -e "$data" || true; } |
    while IFS= read -r path; do [[ ! -f $root/$path ]] || printf '%s\n' "$path"; done
}

# shellcheck disable=SC2034  # for the rules
readonly cxx='\.(h|hpp|c|cpp)$'
# shellcheck disable=SC2034  # for the rules
readonly headers='\.(h|hpp)$'

# search_in EXPRESSION MESSAGE < paths: an offence for each line that matches.
search_in() {
  local path
  while IFS= read -r path; do
    { grep -anE -e "$1" -- "$root/$path" || true; } | sed -E "s|^([0-9]+):.*|$path:\\1: $2|"
  done
}

# with PATH TEXT: one more file in the tree of the next example; TEXT as for printf %b.
with() {
  mkdir -p "$root/$(dirname "$1")"
  printf '%b' "$2" >"$root/$1"
}

judge() {
  local verdict=good said
  with "$2" "$3"
  said=$(check) || verdict=bad
  [[ -z $said ]] || verdict=bad
  if [[ $verdict != "$1" ]]; then
    printf 'judged %s, is %s: %s holding %q\n%s\n' "$verdict" "$1" "$2" "$3" "$said"
    wrong=$((wrong + 1))
  elif [[ $verdict == bad && $said != *"$2"* ]]; then
    printf 'refused without naming %s:\n%s\n' "$2" "$said"
    wrong=$((wrong + 1))
  fi
  judged=$((judged + 1))
  rm -rf "${root:?}"
  mkdir "$root"
}

# good PATH TEXT, bad PATH TEXT: the tree so far and this file; `check` must be silent, or must name PATH.
good() { judge good "$@"; }
bad() { judge bad "$@"; }

rule_main() {
  if [[ ${1-} == --self-test ]]; then
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    root=$scratch/tree judged=0 wrong=0
    mkdir "$root"
    examples
    echo "$judged examples, $wrong judged wrongly"
    ((judged >= 2 && wrong == 0))
  else
    root=$(cd "${1:?usage: RULE ROOT | RULE --self-test}" && pwd)
    local said result=0
    [[ -n $(ours .) ]] || { echo "$root: no file of ours there" >&2; return 1; }
    said=$(check) || result=1
    [[ -z $said ]] || { printf '%s\n' "$said"; result=1; }
    return "$result"
  fi
}
