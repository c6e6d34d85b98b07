#!/usr/bin/env bash
# Seal and open an envelope with nothing but age, sha256sum, GNU tar and coreutils (format: docs/spec/sealing.md).
#
#   seal-with-stock-tools.sh seal FOLDER OUT
#       FOLDER holds files/<slot>/<name>. Needs in the environment: SECTION, POLICY_DIGEST, HANDLE, ENVELOPE; RECIPIENTS,
#       lines of "role age1…" for the bidder and every trustee; SETS, the words of the policy's "sets".
#       Leaves in OUT: $ENVELOPE.bulk.age, $ENVELOPE.<set>.key.age, envelope.json (the entry for the submission).
#   seal-with-stock-tools.sh open BULK KEY_PACKAGE OUT IDENTITY…
#       IDENTITY files in the order of the set's name. With PLAIN_COMMIT in the environment, the archive must match it.
#
# A bidder who does not trust the page's program can read this one. It keeps no secret: the bid key exists only in a
# private folder that is removed at the end.
set -euo pipefail
umask 077
export LC_ALL=C
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() { echo "seal-with-stock-tools: $*" >&2; exit 1; }
sha() { sha256sum "$1" | cut -d' ' -f1; }
bytes() { printf "$(sed 's/../\\x&/g' <<<"$1")"; } # hex → bytes
size() { stat -c %s "$1"; }
recipient() { awk -v role="$1" '$1 == role { print $2 }' <<<"$RECIPIENTS"; }
commitment() { # salt, archive hash, both hex
  { printf 'sunbid-plain/v1\n'; bytes "$1"; bytes "$2"; } | sha256sum | cut -d" " -f1
}

# The smallest step of the ladder that holds $1 bytes: 64 KiB … 16 MiB doubling, from there in quarters.
step() {
  local step=65536 quarter
  while [ "$step" -lt "$1" ] && [ "$step" -lt 16777216 ]; do step=$((step * 2)); done
  while [ "$step" -lt "$1" ]; do
    quarter=16777216
    while [ $((quarter * 2)) -le "$step" ]; do quarter=$((quarter * 2)); done
    step=$((step + quarter / 4))
  done
  [ "$step" -le 8589934592 ] || fail "more than 8 GiB"
  echo "$step"
}

pack() { # members… → $work/archive.tar
  tar --format=posix --pax-option=delete=atime,delete=ctime,delete=mtime --mtime=@0 --owner=0 --group=0 \
    --numeric-owner --mode=0644 --no-recursion -b1 -C "$work" -cf "$work/archive.tar" -- "$@"
}

manifest() { # canonical JSON (RFC 8785): members in alphabetical order, no white space; $1 = files/…, one per line
  local comma='' path rest
  printf '{"envelope":"%s","files":[' "$ENVELOPE"
  while IFS= read -r path; do
    rest=${path#files/}
    printf '%s{"name":"%s","sha256":"%s","size":%s,"slot":"%s"}' "$comma" "${rest#*/}" "$(sha "$work/$path")" \
      "$(size "$work/$path")" "${rest%%/*}"
    comma=,
  done <<<"$1"
  printf '],"handle":"%s","nonce":"%s","policy_digest":"%s","section":"%s","type":"sunbid-manifest/v1"}' "$HANDLE" \
    "$(head -c 32 /dev/urandom | od -An -vtx1 | tr -d ' \n')" "$POLICY_DIGEST" "$SECTION"
}

seal() {
  local folder=$1 out=$2 list total salt archive key set roles comma=''
  cp -R "$folder/files" "$work/files"
  list=$(cd "$work" && find files -mindepth 2 -type f | sort)
  [ -n "$list" ] || fail "no files/<slot>/<name> in $folder"
  grep -q '["\\]' <<<"$list" && fail "a name with a quote or backslash: use the sunbid program for those"
  manifest "$list" >"$work/manifest.json"
  mapfile -t members <<<"$list"
  pack manifest.json "${members[@]}"
  total=$(step $(($(size "$work/archive.tar") + 512)))
  head -c $((total - $(size "$work/archive.tar") - 512)) /dev/zero >"$work/padding"
  pack manifest.json "${members[@]}" padding
  [ "$(size "$work/archive.tar")" = "$total" ] || fail "the archive missed its step"

  age-keygen -o "$work/bid.key" 2>/dev/null
  key=$(age-keygen -y "$work/bid.key")
  salt=$(head -c 32 /dev/urandom | od -An -vtx1 | tr -d ' \n')
  { echo "# sunbid-salt: $salt"; grep '^AGE-SECRET-KEY-1' "$work/bid.key"; } >"$work/payload"
  mkdir -p "$out"
  age -r "$key" -o "$out/$ENVELOPE.bulk.age" "$work/archive.tar"
  archive=$(sha "$work/archive.tar")
  {
    printf '{"bid_recipient":"%s","bulk":{"sha256":"%s","size":%s},"keys":{' "$key" \
      "$(sha "$out/$ENVELOPE.bulk.age")" "$(size "$out/$ENVELOPE.bulk.age")"
    for set in $SETS; do
      cp "$work/payload" "$work/layer"
      mapfile -t roles < <(tr '+' '\n' <<<"$set" | tac) # innermost first
      for role in "${roles[@]}"; do
        [ -n "$(recipient "$role")" ] || fail "no recipient for $role"
        age -r "$(recipient "$role")" -o "$work/next" "$work/layer"
        mv "$work/next" "$work/layer"
      done
      mv "$work/layer" "$out/$ENVELOPE.$set.key.age"
      printf '%s"%s":{"sha256":"%s","size":%s}' "$comma" "$set" "$(sha "$out/$ENVELOPE.$set.key.age")" \
        "$(size "$out/$ENVELOPE.$set.key.age")"
      comma=,
    done
    printf '},"plain_commit":"%s"}' "$(commitment "$salt" "$archive")"
  } >"$out/envelope.json"
}

unseal() {
  local bulk=$1 package=$2 out=$3 identity salt
  shift 3
  cp "$package" "$work/layer"
  for identity in "$@"; do
    age -d -i "$identity" -o "$work/next" "$work/layer"
    mv "$work/next" "$work/layer"
  done
  age -d -i "$work/layer" -o "$work/archive.tar" "$bulk"
  if [ -n "${PLAIN_COMMIT:-}" ]; then
    salt=$(sed -n 's/^# sunbid-salt: //p' "$work/layer")
    [ "$(commitment "$salt" "$(sha "$work/archive.tar")")" = "$PLAIN_COMMIT" ] || fail "not the committed archive"
  fi
  mkdir -p "$out"
  tar -xf "$work/archive.tar" -C "$out" --exclude=padding
}

case "${1:-}" in
  seal) [ $# -eq 3 ] || fail "seal FOLDER OUT"; seal "$2" "$3" ;;
  open) [ $# -ge 5 ] || fail "open BULK KEY_PACKAGE OUT IDENTITY…"; shift; unseal "$@" ;;
  *) sed -n '2,13p' "$0"; exit 2 ;;
esac
