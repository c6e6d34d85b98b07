#!/bin/sh
# Build the vendored modules from the npm packages that package-lock.json names by hash; with --check compare only.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here/package.json" "$here/package-lock.json" "$here"/*.js "$work"
cd "$work"
npm ci --silent --ignore-scripts
for name in age noble canonicalize pki bech32 hash-wasm; do
  ./node_modules/@esbuild/*/bin/esbuild "$name.js" --bundle --format=esm --platform=browser --target=es2022 \
    --charset=utf8 --legal-comments=none --log-level=warning --outfile="built/$name.js"
done
# The same typage over another implementation of its cipher.
./node_modules/@esbuild/*/bin/esbuild age-sodium.js --bundle --format=esm --platform=browser --target=es2022 \
  --alias:@noble/ciphers/chacha.js=./chacha.js \
  --charset=utf8 --legal-comments=none --log-level=warning --outfile=built/age-sodium.js
# esbuild writes a module's constants as variables, which V8 reads anew in every round: SHA-256 loses a third.
sed -i -E 's/^var (SHA256_K|SHA256_W) = /const \1 = /' built/noble.js
[ "$(grep -c '^const SHA256_[KW] = ' built/noble.js)" = 2 ] || { echo "noble.js: no such constants"; exit 1; }
licences() { # name packages…
  out="built/$1.LICENSE.txt"; shift
  for package in "$@"; do
    printf '%s %s\n\n' "$package" "$(node -p "require('./node_modules/$package/package.json').version")"
    cat "node_modules/$package/LICENSE"
    printf '\n\n'
  done >"$out"
}
licences age age-encryption @noble/ciphers @noble/curves @noble/hashes @noble/post-quantum @scure/base
licences age-sodium age-encryption libsodium libsodium-wrappers @noble/ciphers @noble/curves @noble/hashes @noble/post-quantum \
  @scure/base
licences noble @noble/curves @noble/hashes
licences canonicalize canonicalize
licences pki pkijs asn1js @noble/hashes @peculiar/utils bytestreamjs
licences bech32 @scure/base
licences fflate fflate
licences hash-wasm hash-wasm
for file in built/*; do
  if [ "${1:-}" = --check ]; then cmp "$file" "$here/../$(basename "$file")"; else cp "$file" "$here/.."; fi
done
echo "age.js, age-sodium.js, noble.js, canonicalize.js, pki.js, bech32.js, hash-wasm.js, fflate.js: ${1:-built}"
