#!/usr/bin/env bash
# Tells the story of titanicml in a minute: four Terraform stages take the Titanic passengers from a CSV
# file to a gated, served model; a weak candidate is refused, a better one replaces the champion.
#
# `make demo` calls it, with TERRAFORM (the terraform or tofu to use) and TF_CLI_CONFIG_FILE (where that
# finds the provider) set; without them it takes terraform from PATH and the provider from bin/. It needs
# bin/ to be built, and exits non-zero when any step differs from what it should be. It runs again at any
# time: what an earlier run left, finished or not, is ended and removed first. It works on bash 3.2, which
# is what macOS has.
set -euo pipefail
export LC_ALL=C

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
terraform=${TERRAFORM:-terraform}
data_dir=$here/.titanicml
logs=$here/logs
stages="1_data 2_training 3_promotion 4_serving"
holdout_percent=30
endpoint=titanic-survival
report=$here/report.html
pointer=$data_dir/s3/titanicml-local/titanicml/champions/titanic-survival.json

# What the user's shell has set for other configurations must not reach these.
unset TF_WORKSPACE TF_DATA_DIR TF_CLI_ARGS TF_LOG TF_REATTACH_PROVIDERS TITANICML_ENGINE
for name in $(compgen -e | grep -E '^TF_(VAR|CLI_ARGS)_' || true); do unset "$name"; done
export TF_IN_AUTOMATION=1 TF_INPUT=0 CHECKPOINT_DISABLE=1

bold='' dim='' green='' red='' reset=''
live=''
if [[ -t 1 && ${TERM:-dumb} != dumb ]]; then
  live=yes
  if [[ -z ${NO_COLOR:-} ]]; then
    bold=$'\033[1m' dim=$'\033[2m' green=$'\033[32m' red=$'\033[31m' reset=$'\033[0m'
  fi
fi

# ---- screen

say() { printf '%s\n' "$*"; }
chapter() { printf '\n%s%s%s\n' "$bold" "$*" "$reset"; }

# now prints milliseconds; whole seconds where bash is too old to know better.
now() {
  if [[ -n ${EPOCHREALTIME:-} ]]; then
    local micro=${EPOCHREALTIME/./}
    echo "${micro%???}"
  else
    echo "$(date +%s)000"
  fi
}

# begin STEP DOING: what is being done, on a terminal until done replaces it.
begin() {
  step=$1 begun=$(now)
  if [[ -n $live ]]; then printf '  %-11s %s%s …%s' "$step" "$dim" "$2" "$reset"; fi
}

# done_with RESULT
done_with() {
  local took=$(($(now) - begun))
  if [[ -n $live ]]; then printf '\r\033[K'; fi
  printf '  %-11s %-76s %s%3d.%d s%s\n' "$step" "$1" "$dim" $((took / 1000)) $((took % 1000 / 100)) "$reset"
}

# fail MESSAGE [LOG]: ends the demo; the log's end says why.
fail() {
  if [[ -n $live ]]; then printf '\r\033[K'; fi
  printf '\n%sThe demo stopped at "%s": %s%s\n' "$red" "${step:-start}" "$1" "$reset" >&2
  if [[ -n ${2:-} && -s $2 ]]; then
    printf 'The end of %s:\n\n' "$(shown "$2")" >&2
    tail -n 40 "$2" | sed 's/^/  /' >&2
  fi
  exit 1
}

# shown PATH prints a path as it is typed from the current directory, with what a shell needs around spaces.
shown() {
  case $1 in
    "$PWD"/*) printf '%q' "${1#"$PWD"/}" ;;
    *) printf '%q' "$1" ;;
  esac
}

# ---- processes

child=''
# Terraform runs in a process group of its own, which can be ended as a whole, provider processes
# included. The file lets the next run do that when this one is killed.
run_terraform() { # STAGE LOG ARGS...
  local stage=$1 log=$2 status=0
  shift 2
  printf '\n$ terraform -chdir=%s %s\n' "$stage" "$*" >>"$log"
  set -m
  "$terraform" -chdir="$here/$stage" "$@" -no-color >>"$log" 2>&1 </dev/null &
  child=$!
  set +m
  echo "$child" >"$logs/terraform.pid"
  wait "$child" || status=$?
  child=''
  rm -f "$logs/terraform.pid"
  return "$status"
}

# end_process TARGET SIGNAL SECONDS: signals a process, or a group when TARGET is negative, and kills it
# when it is still there after so many seconds.
end_process() {
  local tries
  kill "-$2" -- "$1" 2>/dev/null || return 0
  for ((tries = $3 * 5; tries > 0; tries--)); do
    kill -0 -- "$1" 2>/dev/null || return 0
    sleep 0.2
  done
  kill -KILL -- "$1" 2>/dev/null || true
}

interrupted() {
  trap '' INT TERM HUP
  printf '\n%sInterrupted.%s Run the demo again whenever you like; it starts from the beginning.\n' "$bold" "$reset" >&2
  if [[ -n $child ]]; then end_process "-$child" INT 10; fi
  rm -f "$logs/demo.pid" "$logs/terraform.pid"
  exit 130
}

# number prints the content of a file when it is a process id.
number() {
  local text
  text=$(cat "$1" 2>/dev/null) || return 0
  case $text in '' | *[!0-9]*) ;; *) echo "$text" ;; esac
}

# running_demo prints the process id of a demo that is still running in this directory.
running_demo() {
  local pid
  pid=$(number "$logs/demo.pid")
  [[ -n $pid && $pid != "$$" ]] || return 0
  case $(ps -o command= -p "$pid" 2>/dev/null) in *demo.sh*) echo "$pid" ;; esac
}

# running_terraform prints the process group that a killed demo left: terraform, or a provider without it.
running_terraform() {
  local group
  group=$(number "$logs/terraform.pid")
  [[ -n $group ]] || return 0
  ps -axo pgid=,command= | awk -v group="$group" -v here="-chdir=$here/" \
    '$1 == group && (index($0, here) || index($0, "terraform-provider-titanicml")) { print group; exit }'
}

# clean_up ends and removes what an earlier run left.
clean_up() {
  local pid
  pid=$(running_demo)
  if [[ -n $pid ]]; then
    say "Ending the demo that is still running here (pid $pid)."
    end_process "$pid" TERM 15
  fi
  pid=$(running_terraform)
  if [[ -n $pid ]]; then end_process "-$pid" KILL 5; fi
  if [[ -d $data_dir ]]; then
    "$root/bin/titanicml-local" stop --data-dir "$data_dir" >"$here/.stop.log" 2>&1 ||
      fail "the engine of an earlier run does not end" "$here/.stop.log"
    rm -f "$here/.stop.log"
  fi
  rm -rf "$data_dir" "$logs" "$here/data" "$report"
  local stage
  for stage in $stages; do
    # The lock file too: it holds the checksum of the provider as it was built last time.
    rm -rf "${here:?}/$stage/.terraform" "$here/$stage/.terraform.lock.hcl" "$here/$stage"/terraform.tfstate* \
      "$here/$stage"/.terraform.tfstate*
  done
}

# ---- stages

# apply STAGE ARGS...
apply() {
  local stage=$1 log=$logs/$1.log
  shift
  run_terraform "$stage" "$log" apply -auto-approve "$@" || fail "terraform apply of $stage failed" "$log"
}

# unchanged STAGE ARGS...: a second apply would do nothing.
unchanged() {
  local stage=$1 log=$logs/$1.log status=0
  shift
  run_terraform "$stage" "$log" plan -detailed-exitcode "$@" || status=$?
  case $status in
    0) ;;
    2) fail "a second apply of $stage would change something" "$log" ;;
    *) fail "terraform plan of $stage failed" "$log" ;;
  esac
}

output() { # STAGE NAME
  "$terraform" -chdir="$here/$1" output -no-color -raw "$2" 2>>"$logs/$1.log" </dev/null ||
    fail "$1 has no output \"$2\"" "$logs/$1.log"
}

# finish STAGE [SUMMARY]: says what the stage did; with SUMMARY, it must be that.
finish() {
  local summary
  summary=$(output "$1" summary) || exit 1
  if [[ -n ${2:-} ]]; then expect "what $1 says" "$summary" "$2"; fi
  done_with "$summary"
}

# expect WHAT GOT WANTED
expect() {
  if [[ $2 != "$3" ]]; then fail "$1 is \"$2\", expected \"$3\""; fi
}

# ask PASSENGERS: the endpoint's answers to CSV rows, one "score,label" per line.
ask() {
  "$root/bin/titanicml-local" invoke --data-dir "$data_dir" --endpoint "$endpoint" --data "$1" 2>"$logs/invoke.log" ||
    fail "the endpoint does not answer" "$logs/invoke.log"
}

# refusal prints what the gate said in a log: the error's text without Terraform's frame.
refusal() {
  sed -n '/Error: Promotion rejected/,/^╵/p' "$1" | sed -e 's/^│ \{0,1\}//' -e '/^╵/d' | cat -s
}

# ---- the story

for tool in titanic titanicml-local; do
  [[ -x $root/bin/$tool ]] || { step=start fail "$root/bin/$tool is missing; run make build"; }
done
command -v "$terraform" >/dev/null || { step=start fail "$terraform is not on PATH; set TERRAFORM to a terraform or tofu >= 1.8"; }

if [[ ! -e ${TF_CLI_CONFIG_FILE:-} ]]; then
  TF_CLI_CONFIG_FILE=$("$root/tools/mirror.sh" "$(cat "$root/VERSION")")
  export TF_CLI_CONFIG_FILE
fi

trap interrupted INT TERM HUP
started=$(now)
say "${bold}The Titanic, from a CSV file to a gated endpoint.${reset} Everything runs on this machine."
clean_up
mkdir -p "$logs"
echo "$$" >"$logs/demo.pid"

chapter "Four stages, applied in order"
begin "prepare" "initialising the four stages"
"$root/bin/titanic" split --input "$root/examples/titanic/data/titanic.csv" --train "$here/data/train.csv" \
  --holdout "$here/data/holdout.csv" --percent "$holdout_percent" >"$logs/split.log" 2>&1 ||
  fail "the data cannot be split" "$logs/split.log"
for stage in $stages; do
  run_terraform "$stage" "$logs/$stage.log" init || fail "terraform init of $stage failed" "$logs/$stage.log"
done
done_with "split the passengers by a hash of their id, initialised four stages"

begin "1 data" "checking and storing the passengers"
apply 1_data
finish 1_data

begin "2 training" "training a plain model, scoring it on the held-out passengers"
apply 2_training -var features=plain
finish 2_training

begin "3 promotion" "asking the gate"
apply 3_promotion
finish 3_promotion "approved: version 1 is the champion"

begin "4 serving" "starting the endpoint"
apply 4_serving
finish 4_serving "titanic-survival is InService with version 1"

chapter "A second apply"
begin "all stages" "planning all four again"
unchanged 1_data
unchanged 2_training -var features=plain
unchanged 3_promotion
unchanged 4_serving
done_with "nothing to change in any of them"

chapter "A weak candidate"
passengers=$'1,female,29,0,0\n2,male,4,1,1\n3,female,,0,0\n1,male,45,1,0\n3,male,22,1,0\n3,female,30,1,5'
begin "2 training" "training a model that sees neither sex nor class nor age"
answers_before=$(ask "$passengers")
cp -R "$pointer" "$logs/champion.before"
apply 2_training -var features=weak
finish 2_training

begin "3 promotion" "asking the gate"
status=0
run_terraform 3_promotion "$logs/3_promotion.refused.log" apply -auto-approve || status=$?
[[ $status -ne 0 ]] || fail "the gate let the weak candidate through" "$logs/3_promotion.refused.log"
grep -q 'Error: Promotion rejected by its gate' "$logs/3_promotion.refused.log" ||
  fail "the apply ended with another error than the gate's" "$logs/3_promotion.refused.log"
done_with "refused, as it should be; terraform apply ended with:"
printf '\n'
refusal "$logs/3_promotion.refused.log" | sed 's/^\(.\)/      \1/'
printf '\n'

begin "4 serving" "looking at champion and endpoint"
diff -r "$pointer" "$logs/champion.before" >/dev/null || fail "the refused candidate changed the champion"
unchanged 4_serving
answers_after=$(ask "$passengers")
expect "the endpoint's answer" "$answers_after" "$answers_before"
done_with "champion and endpoint are as they were: version 1, the same answers"

chapter "A better candidate"
begin "2 training" "training the full model"
apply 2_training -var features=full
finish 2_training

begin "3 promotion" "asking the gate"
apply 3_promotion
finish 3_promotion "approved: version 3 is the champion"

begin "4 serving" "replacing the model behind the endpoint"
apply 4_serving
finish 4_serving "titanic-survival is InService with version 3"

chapter "Who survives?"
begin "invoke" "asking the endpoint"
answers=$(ask "$passengers")
if [[ $answers == "$answers_before" ]]; then fail "the endpoint still answers as version 1 did"; fi
done_with "six passengers in one request to $endpoint"
printf '\n      %-44s %11s   %s\n' passenger probability prediction
printf '%s\n' "$answers" >"$logs/answers.csv"
rows=0
while IFS=, read -r score label <&3 && IFS= read -r who <&4; do
  verdict=dies
  if [[ $label == 1 ]]; then verdict="${green}survives${reset}"; fi
  printf '      %-44s %11.2f   %s\n' "$who" "$score" "$verdict"
  rows=$((rows + 1))
done 3<"$logs/answers.csv" 4<<'PASSENGERS'
woman, 29, first class, alone
boy, 4, second class, with a parent
woman, age unknown, third class, alone
man, 45, first class, with his wife
man, 22, third class, with his wife
woman, 30, third class, with five children
PASSENGERS
expect "the number of predictions" "$rows" 6

chapter "For the review board"
begin "report" "rendering the decision"
"$root/bin/titanicml-local" report --data-dir "$data_dir" --group titanic-survival --output "$report" >"$logs/report.log" 2>&1 ||
  fail "the decision cannot be rendered" "$logs/report.log"
done_with "the decision on version 3 with its evidence, as a page: $(shown "$report")"

took=$(($(now) - started))
rm -f "$logs/demo.pid"
chapter "Done in $((took / 1000)) seconds. Where everything is"
say "  state        $(shown "$here")/<stage>/terraform.tfstate"
say "  report       $(shown "$report")"
say "  decisions    cat $(shown "$data_dir")/s3/titanicml-local/titanicml/decisions/$endpoint/3/*/+data*"
say "  job logs     $(shown "$data_dir")/jobs/eu-west-1/<kind>/<job>/stdout.log"
say "  progress     $(shown "$data_dir")/progress/<kind>-<name>.txt: what an apply waits for, while it waits"
say "  terraform    $(shown "$logs")"
printf '\n'
say "The endpoint goes on serving, and so does the engine behind it. Ask it yourself:"
say "  $(shown "$root/bin/titanicml-local") invoke --data-dir $(shown "$data_dir") --endpoint $endpoint --data 2,female,17,0,1"
say "End it:  $(shown "$root/bin/titanicml-local") stop --data-dir $(shown "$data_dir")"
clean="make clean"
if [[ $PWD != "$root" ]]; then clean="make -C $(shown "$root") clean"; fi
say "Remove everything, the engine included:  $clean"
